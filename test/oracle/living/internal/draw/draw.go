// SPDX-License-Identifier: Apache-2.0

// Package draw makes up living worlds and what happens in them. Everything is
// drawn element by element, so that a world that fails shrinks to a small one,
// and can be printed.
//
// Start reading at [World].
package draw

import (
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/test/oracle/internal/chance"
	"karpenter.sh/test/oracle/living/internal/kube"
)

// Plan is a world before it begins, with what will happen.
type Plan struct {
	Types     []fake.TypeSpec
	Pools     []*v1.NodePool
	Daemons   []*appsv1.DaemonSet
	Limits    []*corev1.LimitRange
	Workloads []*kube.Workload
	Truth     kube.Truth
	Lag       map[string]time.Duration
	// Ahead: machines leave while a batching window is open.
	Ahead      bool
	Happenings []Happening
	text       []string
}

// Happening is one thing that happens, some rounds after the one before.
type Happening struct {
	Rounds int
	Deed   Deed
	// Which says to whom, and Much how much.
	Which, Much int
}

// Deed is what happens.
type Deed string

// The deeds.
const (
	Scale         Deed = "scale a workload"
	DeletePod     Deed = "delete a pod"
	Drain         Deed = "drain a node by hand"
	DeleteNode    Deed = "delete a Node"
	DeleteClaim   Deed = "delete a NodeClaim"
	HaltMachine   Deed = "an instance vanishes"
	AddDaemon     Deed = "add a DaemonSet"
	ChangeDaemon  Deed = "change a DaemonSet"
	RemoveDaemon  Deed = "remove a DaemonSet"
	AddLimits     Deed = "add a LimitRange"
	RemoveLimits  Deed = "remove a LimitRange"
	Restart       Deed = "restart the controller"
	TaintNode     Deed = "taint a node"
	UntaintAll    Deed = "take the taints away"
	SellOut       Deed = "an offering sells out"
	ReplaceOwners Deed = "change the template of a workload"
)

func deeds() []Deed {
	return []Deed{
		Scale, Scale, Scale, DeletePod, DeletePod, Drain, DeleteNode, DeleteClaim, HaltMachine, AddDaemon, ChangeDaemon,
		RemoveDaemon, AddLimits, RemoveLimits, Restart, TaintNode, UntaintAll, SellOut, ReplaceOwners,
	}
}

// World draws a plan in which the cloud tells the truth, or lies.
func World(t *rapid.T, lying bool) *Plan {
	b := &builder{Draw: chance.Draw{T: t}, Plan: &Plan{}}
	chance.Repeat(&b.Draw, 1, 4, b.instanceType)
	chance.Repeat(&b.Draw, 1, 2, b.pool)
	chance.Repeat(&b.Draw, 0, 2, b.daemon)
	if b.OneIn(4) {
		b.Limits = append(b.Limits, Limits(0, b.UpTo(2)))
		b.note("limits %v", b.Limits[0].Spec.Limits[0].Default)
	}
	chance.Repeat(&b.Draw, 1, 4, b.workload)
	if b.OneIn(3) {
		b.Lag = map[string]time.Duration{}
		for _, kind := range []string{"Pod", "Node", "NodeClaim"} {
			b.Lag[kind] = time.Duration(b.UpTo(4)) * 700 * time.Millisecond
		}
		b.note("caches are late by %v", b.Lag)
	}
	if b.Ahead = b.OneIn(2); b.Ahead {
		b.note("machines leave ahead of the round")
	}
	if lying {
		b.lie()
	}
	chance.Repeat(&b.Draw, 0, 12, b.happening)
	return b.Plan
}

// builder holds a plan that is being drawn.
type builder struct {
	chance.Draw
	*Plan
}

func (b *builder) note(format string, args ...any) {
	b.text = append(b.text, fmt.Sprintf(format, args...))
}

// String tells the plan.
func (p *Plan) String() string {
	var b strings.Builder
	for _, line := range p.text {
		b.WriteString(line + "\n")
	}
	return b.String()
}

func (b *builder) lie() {
	switch b.UpTo(4) {
	case 0:
		b.Truth.Less = 20
		b.note("allocatable is 20%% less than the cloud says")
	case 1:
		b.Truth.NoDevices = true
		b.note("devices never register")
	case 2:
		b.Truth.LateTaint = &corev1.Taint{Key: "foreign", Effect: corev1.TaintEffectNoSchedule}
		b.note("a taint comes to nodes after they are ready")
	case 3:
		b.Truth.Attach = 1
		b.note("nodes attach one volume")
	}
}

func (b *builder) happening() {
	all := deeds()
	h := Happening{Rounds: b.UpTo(3), Deed: all[b.UpTo(len(all))], Which: b.UpTo(8), Much: b.UpTo(5)}
	b.Happenings = append(b.Happenings, h)
	b.note("after %d rounds: %s (%d, %d)", h.Rounds, h.Deed, h.Which, h.Much)
}
