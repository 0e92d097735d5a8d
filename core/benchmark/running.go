// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"math/rand"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

// Cluster is one that runs: every pod is bound, and every node has a NodeClaim that
// consolidation may take.
type Cluster struct {
	NodePools  []v1.NodePool
	Types      []*cloudprovider.InstanceType
	NodeClaims []*v1.NodeClaim
	Nodes      []*corev1.Node
	Pods       []*corev1.Pod
}

// Running returns a cluster of about so many nodes with ten pods each, in some node
// pools: the nodes are of the type that costs least for what they hold, and full but
// for what pods of so different sizes leave. A part of the pods, from 0 to 1, has gone
// since. The same arguments give the same cluster.
func Running(nodes, pools int, gone float64) *Cluster {
	rnd := rand.New(rand.NewSource(42))
	c := &Cluster{Types: onDemandOnly(InstanceTypes(40))}
	for i := range pools {
		c.NodePools = append(c.NodePools, runningPool(fmt.Sprintf("pool-%d", i)))
	}
	largest := fitting(c.Types)
	for i := range nodes {
		pool := c.NodePools[i%pools].Name
		it := largest[i%len(largest)]
		c.addNode(i, pool, it)
		c.fill(rnd, i, it)
	}
	c.Pods = slices.DeleteFunc(c.Pods, func(*corev1.Pod) bool { return rnd.Float64() < gone })
	return c
}

// podsEach is how many pods a node of [Running] has.
const podsEach = 10

func runningPool(name string) v1.NodePool {
	np := v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), ResourceVersion: "1"}}
	np.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: "example.com", Kind: "Class", Name: "default"}
	np.Spec.Disruption = v1.Disruption{
		ConsolidateAfter: "0s", ConsolidationPolicy: v1.ConsolidationPolicyWhenEmptyOrUnderutilized, Budgets: []v1.Budget{{Nodes: "100%"}},
	}
	conditions := np.StatusConditions()
	conditions.SetTrue(v1.ConditionTypeValidationSucceeded)
	conditions.SetTrue(v1.ConditionTypeNodeClassReady)
	return np
}

// onDemandOnly leaves no spot offering for sale.
func onDemandOnly(all []*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
	out := make([]*cloudprovider.InstanceType, len(all))
	for i, it := range all {
		out[i] = it.WithOfferings(func(o *cloudprovider.Offering) *cloudprovider.Offering {
			if o.CapacityType() != v1.CapacityTypeOnDemand {
				return o.Unavailable()
			}
			return o
		})
	}
	return out
}

// fitting are the types of 4 and 8 CPU that are cheapest for their CPU and memory.
func fitting(all []*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
	var out []*cloudprovider.InstanceType
	for _, cpu := range []int64{4, 8} {
		var best *cloudprovider.InstanceType
		for _, it := range all {
			if it.Capacity.Cpu().Value() == cpu && (best == nil || perCPU(it) < perCPU(best)) {
				best = it
			}
		}
		if best != nil {
			out = append(out, best)
		}
	}
	return out
}

func perCPU(it *cloudprovider.InstanceType) float64 {
	return it.Offerings.Available().Cheapest().Price / float64(it.Capacity.Cpu().MilliValue())
}

// addNode adds a node and its NodeClaim.
func (c *Cluster) addNode(i int, pool string, it *cloudprovider.InstanceType) {
	name := fmt.Sprintf("node-%05d", i)
	o := it.Offerings.Available()[i%len(it.Offerings.Available())]
	labels := map[string]string{
		corev1.LabelTopologyZone: o.Zone(), v1.CapacityTypeLabelKey: o.CapacityType(), corev1.LabelInstanceTypeStable: it.Name,
		corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux", v1.NodePoolLabelKey: pool,
	}
	claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: types.UID("claim-" + name), ResourceVersion: "1", Labels: labels, CreationTimestamp: metav1.NewTime(time.Unix(1_699_000_000, 0)),
	}}
	claim.Spec.NodeClassRef = v1.NodeClassReference{Group: "example.com", Kind: "Class", Name: "default"}
	claim.Status.ProviderID, claim.Status.NodeName = "fake://"+name, name
	claim.Status.Capacity, claim.Status.Allocatable = it.Capacity, it.Allocatable()
	conditions := claim.StatusConditions()
	for _, kind := range []string{v1.ConditionTypeLaunched, v1.ConditionTypeRegistered, v1.ConditionTypeInitialized, v1.ConditionTypeConsolidatable} {
		conditions.SetTrue(kind)
	}
	onNode := map[string]string{
		corev1.LabelHostname: name, v1.NodeRegisteredLabelKey: "true", v1.NodeInitializedLabelKey: "true",
	}
	for key, value := range labels {
		onNode[key] = value
	}
	c.NodeClaims = append(c.NodeClaims, claim)
	c.Nodes = append(c.Nodes, &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), ResourceVersion: "1", Labels: onNode},
		Spec:       corev1.NodeSpec{ProviderID: "fake://" + name},
		Status: corev1.NodeStatus{
			Capacity: it.Capacity, Allocatable: it.Allocatable(),
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	})
}

// fill has pods of various sizes share a node, but for a little.
func (c *Cluster) fill(rnd *rand.Rand, i int, it *cloudprovider.InstanceType) {
	room := it.Allocatable()
	cpu, memory := room.Cpu().MilliValue(), room.Memory().Value()
	for left := podsEach; left > 0; left-- {
		share := cpu / int64(left)
		if left > 1 {
			share = share*4/5 + rnd.Int63n(share*2/5+1)
		}
		share = share / 25 * 25
		n := len(c.Pods)
		p := pod(n, corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(share, resource.DecimalSI),
			corev1.ResourceMemory: *resource.NewQuantity(memory/podsEach*9/10, resource.BinarySI),
		})
		cpu -= share
		app := fmt.Sprintf("app-%d", n%50)
		p.Labels, p.ResourceVersion, p.Spec.NodeName = map[string]string{"app": app}, "1", c.Nodes[i].Name
		p.Status.Phase = corev1.PodRunning
		if n%50 < 15 {
			spread(corev1.LabelTopologyZone)(p)
			p.Spec.TopologySpreadConstraints[0].MaxSkew = 50
		}
		yes := true
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app, UID: types.UID(app), Controller: &yes}}
		c.Pods = append(c.Pods, p)
	}
}
