// SPDX-License-Identifier: Apache-2.0

package play

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/test/oracle/living/internal/draw"
	"karpenter.sh/test/oracle/living/internal/store"
)

func (p *Play) sets() []*appsv1.DaemonSet { return store.All[*appsv1.DaemonSet](p.Store) }
func (p *Play) nodes() []*corev1.Node     { return store.All[*corev1.Node](p.Store) }
func (p *Play) claims() []*v1.NodeClaim   { return store.All[*v1.NodeClaim](p.Store) }

// at is one of a list, or false if it is empty.
func at[T any](list []T, i int) (one T, ok bool) {
	if len(list) == 0 {
		return one, false
	}
	return list[i%len(list)], true
}

// do lets one thing happen, if there is anything for it to happen to.
func (p *Play) do(h draw.Happening) error {
	switch h.Deed {
	case draw.Scale:
		w, _ := at(p.Plan.Workloads, h.Which)
		p.Kube.Scale(w.Name, h.Much)
	case draw.ReplaceOwners:
		p.replace(h)
	case draw.Restart:
		return p.Process.Restart()
	case draw.AddDaemon, draw.ChangeDaemon, draw.RemoveDaemon, draw.AddLimits, draw.RemoveLimits:
		return p.configure(h)
	case draw.SellOut:
		p.sellOut(h)
	case draw.UntaintAll:
		p.Kube.Untaint("foreign")
	default:
		p.harm(h)
	}
	return nil
}

// replace rolls a workload over to another template.
func (p *Play) replace(h draw.Happening) {
	planned, _ := at(p.Plan.Workloads, h.Which)
	w := *p.Kube.Workload(planned.Name)
	w.Template = *w.Template.DeepCopy()
	w.Template.Labels["revision"] = strconv.Itoa(h.Much)
	p.Kube.Apply(&w)
	for _, pod := range store.All[*corev1.Pod](p.Store) {
		if pod.Labels["app"] == w.Name {
			_ = p.Store.Delete(pod) // it may be on its way out
		}
	}
}

func (p *Play) configure(h draw.Happening) error {
	set, there := at(p.sets(), h.Which)
	limits, limited := at(store.All[*corev1.LimitRange](p.Store), h.Which)
	switch {
	case h.Deed == draw.AddDaemon:
		p.daemons++
		return p.Add(draw.Daemon(p.daemons, h.Much))
	case h.Deed == draw.ChangeDaemon && there:
		store.Change(p.Store, types.NamespacedName{Namespace: set.Namespace, Name: set.Name}, func(s *appsv1.DaemonSet) {
			s.Spec.Template.Spec.Containers[0].Resources = draw.DaemonSize(h.Much)
		})
	case h.Deed == draw.RemoveDaemon && there:
		p.Store.Remove(set)
	case h.Deed == draw.AddLimits:
		p.limits++
		return p.Add(draw.Limits(p.limits, h.Much))
	case h.Deed == draw.RemoveLimits && limited:
		p.Store.Remove(limits)
	}
	return nil
}

func (p *Play) sellOut(h draw.Happening) {
	spec, _ := at(p.Plan.Types, h.Which)
	zone, _ := at(spec.Zones, h.Much)
	capacityType, _ := at(spec.CapacityTypes, h.Much)
	key := fake.OfferingKey{InstanceType: spec.Name, Zone: zone, CapacityType: capacityType}
	p.soldOut = append(p.soldOut, key)
	p.Cloud.SellOut(key)
}

// harm does something to a pod or a node.
func (p *Play) harm(h draw.Happening) {
	node, ok := at(p.nodes(), h.Which)
	pod, running := at(store.All[*corev1.Pod](p.Store), h.Which)
	claim, claimed := at(p.claims(), h.Which)
	switch {
	case h.Deed == draw.DeletePod && running:
		_ = p.Store.Delete(pod) // it may be on its way out
	case h.Deed == draw.DeleteClaim && claimed:
		_ = p.Store.Delete(claim) // it may be on its way out
	case !ok:
	case h.Deed == draw.DeleteNode:
		_ = p.Store.Delete(node) // it may be on its way out
	case h.Deed == draw.HaltMachine:
		p.Cloud.Terminate(node.Spec.ProviderID)
		p.Kube.Halt(node.Spec.ProviderID)
	case h.Deed == draw.TaintNode:
		p.Kube.Taint(node.Name, corev1.Taint{Key: "foreign", Effect: corev1.TaintEffectNoSchedule})
	case h.Deed == draw.Drain:
		p.drain(node)
	}
}

// drain does what kubectl drain does.
func (p *Play) drain(node *corev1.Node) {
	store.Change(p.Store, types.NamespacedName{Name: node.Name}, func(n *corev1.Node) { n.Spec.Unschedulable = true })
	p.Kube.Taint(node.Name, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	for _, pod := range store.All[*corev1.Pod](p.Store) {
		owner := metav1.GetControllerOf(pod)
		if pod.Spec.NodeName == node.Name && owner != nil && owner.Kind != "DaemonSet" {
			_ = p.Store.Delete(pod) // it may be on its way out
		}
	}
}
