// SPDX-License-Identifier: Apache-2.0

package launch

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/question"
	"karpenter.sh/core/render"
)

// shown is how many instance types a log record holds (OPS-081).
const shown = 5

// Cluster is the live model.
type Cluster interface {
	// InsertNodeClaim takes in a NodeClaim that was just created.
	InsertNodeClaim(cluster.CreatedNodeClaim)
	// Capacity is that of the nodes of a pool.
	Capacity(pool string) corev1.ResourceList
}

// Launcher creates NodeClaims. Safe for concurrent use.
type Launcher struct {
	Client  client.Client
	Cluster Cluster
	Metrics *metrics.Scheduler
}

// Machine is a planned bin with the question that it answers.
type Machine struct {
	Question *question.Question
	Bin      *place.Bin
	// Pods are those of the bin, by index in the question.
	Pods []int
}

// Pool is the pool that the machine is of.
func (m Machine) Pool() *question.Pool { return &m.Question.Pools[m.Bin.Pool] }

// Create launches a machine: NodeClaim, cluster model, metrics (SCH-236). The
// NodeClaim it returns belongs to the caller.
func (l *Launcher) Create(ctx context.Context, m Machine, why metrics.Reason) (*v1.NodeClaim, error) {
	pool := m.Pool()
	if err := l.stillWanted(ctx, pool.NodePool.Name); err != nil {
		return nil, err
	}
	nodeClaim, err := render.NodeClaim(render.Input{
		NodePool: pool.NodePool, Template: pool.Template, Bin: m.Bin, Types: pool.Types, Compiler: m.Question.Cluster.Compiler(),
	})
	if err != nil {
		return nil, err
	}
	if err := l.Client.Create(ctx, nodeClaim); err != nil {
		return nil, fmt.Errorf("creating a NodeClaim of NodePool %q for %d pods: %w", pool.NodePool.Name, len(m.Pods), err)
	}
	l.Cluster.InsertNodeClaim(cluster.CreatedNodeClaim{
		NodeClaim: nodeClaim.DeepCopy(), Pods: m.keys(), Requests: m.requests(), HostPorts: m.hostPorts(), Capacity: m.largest(),
		Draws: m.Draws(),
	})
	l.Metrics.Created(why, nodeClaim)
	log.FromContext(ctx).Info("created nodeclaim",
		"NodePool", client.ObjectKey{Name: pool.NodePool.Name}, "NodeClaim", client.ObjectKey{Name: nodeClaim.Name},
		"requests", nodeClaim.Spec.Resources.Requests, "instance-types", reason.Shorten(m.Types(), shown))
	return nodeClaim, nil
}

// stillWanted reads the pool again: it may be gone, or its limits may be
// exceeded by now (SCH-203).
func (l *Launcher) stillWanted(ctx context.Context, pool string) error {
	var now v1.NodePool
	if err := l.Client.Get(ctx, types.NamespacedName{Name: pool}, &now); err != nil {
		return fmt.Errorf("reading NodePool %q before creating a NodeClaim of it: %w", pool, err)
	}
	if exceeded := now.Spec.Limits.ExceededBy(l.Cluster.Capacity(now.Name)); len(exceeded) > 0 {
		return fmt.Errorf("not creating a NodeClaim of NodePool %q: its nodes exceed the limits on %v", now.Name, exceeded)
	}
	return nil
}

// Types are the names of the instance types that the machine may turn out as, the
// cheapest first.
func (m Machine) Types() []string {
	out := make([]string, len(m.Bin.Types))
	for i, t := range m.Bin.Types {
		out[i] = m.Pool().Types[t].Name
	}
	return out
}

// largest is the most that the machine may turn out to have (SCH-202).
func (m Machine) largest() resource.Vector {
	var out resource.Vector
	for _, t := range m.Bin.Types {
		out = out.Raise(m.Pool().Template.Catalogue.Type(t).Capacity)
	}
	return out
}

func (m Machine) hostPorts() hostport.Ports {
	var out hostport.Ports
	for _, pod := range m.Pods {
		out = append(out, m.Question.Models[pod].Class.Ports...)
	}
	return out
}

func (m Machine) keys() []types.NamespacedName {
	out := make([]types.NamespacedName, len(m.Pods))
	for i, pod := range m.Pods {
		out[i] = client.ObjectKeyFromObject(m.Question.Pods[pod])
	}
	return out
}

func (m Machine) requests() []resource.Vector {
	out := make([]resource.Vector, len(m.Pods))
	for i, pod := range m.Pods {
		out[i] = m.Question.Models[pod].Class.Requests
	}
	return out
}
