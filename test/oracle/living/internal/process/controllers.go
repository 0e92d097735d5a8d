// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/controllers/disruption"
	"karpenter.sh/core/controllers/disruption/conditions"
	"karpenter.sh/core/controllers/disruption/queue"
	"karpenter.sh/core/controllers/node/eviction"
	"karpenter.sh/core/controllers/node/termination"
	"karpenter.sh/core/controllers/nodeclaim/garbagecollection"
	"karpenter.sh/core/controllers/nodeclaim/lifecycle"
	"karpenter.sh/core/controllers/provisioning"
	"karpenter.sh/core/controllers/state"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/metrics"
	"karpenter.sh/test/oracle/living/internal/store"
)

// The names by which work is queued.
const (
	provisioner    = "provisioner"
	looker         = "provisioner, looking ahead"
	podTrigger     = "pod trigger"
	nodeTrigger    = "node trigger"
	lifecycleName  = "lifecycle"
	terminationOf  = "termination"
	evictionOf     = "eviction"
	conditionsOf   = "conditions"
	disruptionLoop = "disruption"
	commands       = "commands"
	collection     = "garbage collection"
	daemonSweep    = "daemon sweep"
	claimSweep     = "nodeclaim sweep"
)

// The batching window of the provisioner, as by default.
const (
	batchIdle = time.Second
	batchMax  = 10 * time.Second
)

// controllers are those of one life.
type controllers struct {
	reader       *store.Client // of the cache
	live         *store.Client
	volumes      *volume.Resolver
	provisioning *provisioning.Provisioner
	lifecycle    *lifecycle.Controller
	termination  *termination.Controller
	evictions    *eviction.Queue
	conditions   *conditions.Controller
	disruption   *disruption.Controller
	collector    *garbagecollection.Controller
}

func managed() cloudprovider.NodeClassKinds {
	return cloudprovider.NodeClassKinds{{Group: v1alpha1.Group, Kind: "TestNodeClass"}}
}

// build makes the controllers as the operator does.
func (p *Process) build() error {
	registry, clk := prometheus.NewRegistry(), p.Line.Clock()
	p.reader, p.live = store.NewClient(p.Store, p.cache), store.NewClient(p.Store, nil)
	p.volumes = volume.NewResolver(p.reader)
	scheduler, err1 := metrics.NewScheduler(registry, clk)
	nodeClaims, err2 := metrics.NewNodeClaims(registry)
	nodes, err3 := metrics.NewNodes(registry)
	model, err4 := cluster.New(cluster.Options{
		Clock: clk, Compiler: intake.New(intake.Options{Vocabulary: fake.Vocabulary(), Reservations: true}),
		Inventory: state.Inventory{Reader: p.reader, NodeClasses: managed()}, Registerer: registry, Log: p.Log,
	})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return fmt.Errorf("building a process: %w", err)
	}
	p.cluster = model
	p.provisioning = provisioning.New(provisioning.Options{
		Client: p.reader, Provider: p.Cloud, NodeClasses: managed(), Vocabulary: fake.Vocabulary(), Cluster: model,
		Recorder: p.recorder, Metrics: scheduler, Clock: clk, Window: p.batch,
	})
	p.life.lifecycle = lifecycle.New(lifecycle.Options{
		Live:   p.live,
		Client: p.reader, Provider: p.Cloud, NodeClasses: managed(), Vocabulary: fake.Vocabulary(), Clock: clk,
		Recorder: p.recorder, NodeClaims: nodeClaims, Nodes: nodes, Health: healthy{},
	})
	p.evictions = eviction.New(eviction.Options{Client: p.reader, Clock: clk, Recorder: p.recorder, Nodes: nodes})
	p.life.termination = termination.New(termination.Options{
		Live:   p.live,
		Client: p.reader, Provider: p.Cloud, NodeClasses: managed(), Clock: clk, Recorder: p.recorder, Nodes: nodes, Evictor: evictor{p},
	})
	p.life.conditions = conditions.New(conditions.Options{
		Client: p.reader, NodeClasses: managed(), Clock: clk, Provider: p.Cloud, Vocabulary: fake.Vocabulary(),
	})
	p.collector = garbagecollection.New(garbagecollection.Options{Client: p.reader, Provider: p.Cloud, NodeClasses: managed(), NodeClaims: nodeClaims})
	var err error
	p.life.disruption, err = disruption.New(disruption.Options{
		Client: p.reader, Live: p.live, Cluster: model, InstanceTypes: p.Cloud, PodEvents: settled{}, NodeClasses: managed(),
		ReservationIDLabel: fake.Vocabulary().ReservationIDLabel(), Clock: clk, Recorder: p.recorder, Registerer: registry, NodeClaims: nodeClaims,
		SpotToSpot: true, MovesPerHour: disrupt.EvictionRate, Scheduler: scheduler, Gatherer: gather.New(gather.Options{Reader: p.reader, Vocabulary: fake.Vocabulary()}),
	})
	return err
}

// healthy takes note of no registration.
type healthy struct{}

func (healthy) RecordSuccess(context.Context, *v1.NodeClaim) error { return nil }
func (healthy) RecordFailure(context.Context, *v1.NodeClaim) error { return nil }

// settled says that NodeClaims show all pod events: the world writes them there
// at once.
type settled struct{}

func (settled) Unsettled(string) (time.Time, bool) { return time.Time{}, false }

// evictor queues the pods that the eviction queue is to work on.
type evictor struct{ *Process }

// Submit implements termination.Evictor.
func (e evictor) Submit(node *corev1.Node, deadline time.Time, pods ...*corev1.Pod) {
	e.evictions.Submit(node, deadline, pods...)
	for _, pod := range pods {
		e.enqueue(evictionOf, eviction.Key{NamespacedName: keyOf(pod), UID: pod.UID}, 0)
	}
}

// Abandon implements termination.Evictor.
func (e evictor) Abandon(node string) { e.evictions.Abandon(node) }

// startLoops begins what runs by itself.
func (p *Process) startLoops() {
	for _, name := range []string{disruptionLoop, collection, daemonSweep, claimSweep} {
		p.enqueue(name, nil, time.Second)
	}
}

// run lets one controller do one piece of work.
func (p *Process) run(w work) (reconcile.Result, error) {
	switch w.controller {
	case provisioner:
		return p.provision()
	case looker:
		return p.look()
	case podTrigger:
		return p.triggerPod(w.key.(types.NamespacedName))
	case nodeTrigger:
		return p.triggerNode(w.key.(types.NamespacedName))
	case lifecycleName:
		return p.life.lifecycle.Reconcile(p.ctx, request(w.key.(types.NamespacedName)))
	case terminationOf:
		return p.life.termination.Reconcile(p.ctx, request(w.key.(types.NamespacedName)))
	case conditionsOf:
		return p.life.conditions.Reconcile(p.ctx, request(w.key.(types.NamespacedName)))
	case evictionOf:
		return p.evictions.Reconcile(p.ctx, w.key.(eviction.Key))
	case commands:
		return p.life.disruption.Queue().Reconcile(p.ctx, w.key.(queue.ID))
	case disruptionLoop:
		return p.disrupt()
	case collection:
		result, err := p.collector.Reconcile(p.ctx)
		return reconcile.Result{RequeueAfter: result.RequeueAfter}, err
	case daemonSweep:
		return p.sweepDaemons(), nil
	case claimSweep:
		return p.sweepClaims(), nil
	}
	return reconcile.Result{}, fmt.Errorf("there is no controller %q", w.controller)
}

// disrupt makes a pass of the disruption loop, and hands its commands on.
func (p *Process) disrupt() (reconcile.Result, error) {
	result, err := p.life.disruption.Reconcile(p.ctx, reconcile.Request{})
	for _, id := range p.life.disruption.Queue().Commands() {
		p.enqueue(commands, id, 0)
	}
	if err != nil {
		return result, err
	}
	return reconcile.Result{RequeueAfter: max(result.RequeueAfter, 100*time.Millisecond)}, nil
}
