// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// cpu is what the pods on a state node request, -1 if there is none.
func (b *bench) cpu(key string) func() int64 {
	return func() int64 {
		n := b.model.Snapshot().Node(key)
		if n == nil {
			return -1
		}
		return n.Requests().Get(resource.CPU)
	}
}

// LIF-010, LIF-065: the model is rebuilt from what is there at the start.
func TestLoad(t *testing.T) {
	b := run(t, func(b *bench) {
		b.node("managed", "id-1")
		b.claim("claim", "id-1", nodeClass.Kind)
		b.node("other", "")
		b.claim("foreign", "id-2", "ForeignNodeClass")
		b.pod("p", "managed")
		b.daemonSet("daemon")
	})
	b.eventuallyLoaded()
	b.Eventually(b.cpu("id-1")).Should(BeEquivalentTo(1000))
	b.Eventually(func() int { return len(b.model.Snapshot().Daemons()) }).Should(Equal(1))
	s := b.model.Snapshot()
	b.Expect(s.Nodes()).To(HaveLen(2))
	b.Expect(s.Node("id-1").NodeClaim()).NotTo(BeNil())
	b.Expect(s.Node("node/other")).NotTo(BeNil())
}

// LIF-011, LIF-030, LIF-031: events of every kind arrive.
func TestFollow(t *testing.T) {
	b := run(t)
	b.eventuallyLoaded()
	p := b.pod("early", "node")
	node := b.node("node", "id")
	b.Eventually(b.cpu("id")).Should(BeEquivalentTo(1000))
	claim := b.claim("claim", "id", nodeClass.Kind)
	b.Eventually(func() bool { return b.model.Snapshot().Node("id").Managed() }).Should(BeTrue())
	before := b.model.ConsolidationState()
	b.pool("pool")
	b.Eventually(b.model.ConsolidationState).ShouldNot(Equal(before)) // LIF-052
	b.Expect(b.Delete(b.ctx, p, client.GracePeriodSeconds(0))).To(Succeed())
	b.Eventually(b.cpu("id")).Should(BeZero())
	count := int32(3)
	b.create(&storagev1.CSINode{ObjectMeta: metav1.ObjectMeta{Name: "node"}, Spec: storagev1.CSINodeSpec{
		Drivers: []storagev1.CSINodeDriver{{Name: "d", NodeID: "n", Allocatable: &storagev1.VolumeNodeResources{Count: &count}}},
	}})
	b.Eventually(func() int { return b.model.Snapshot().Node("id").VolumeLimits()["d"] }).Should(Equal(3)) // LIF-039
	b.Expect(b.Delete(b.ctx, node)).To(Succeed())
	b.Expect(b.Delete(b.ctx, claim)).To(Succeed())
	b.Eventually(func() int { return len(b.model.Snapshot().Nodes()) }).Should(BeZero())
}

// SCH-121: what the API server gives to daemons to come is followed.
func TestFollowAdmission(t *testing.T) {
	b := run(t)
	b.eventuallyLoaded()
	b.daemonSet("daemon")
	memory := func() string {
		daemons := b.model.Snapshot().Daemons()
		if len(daemons) != 1 {
			return ""
		}
		return daemons[0].Spec.Containers[0].Resources.Requests.Memory().String()
	}
	b.Eventually(memory).Should(Equal("0"))
	limits := &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "limits"},
		Spec:       corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{Type: corev1.LimitTypeContainer, Default: list("memory", "1Gi")}}},
	}
	b.create(limits)
	b.Eventually(memory).Should(Equal("1Gi"))
	b.Expect(b.Delete(b.ctx, limits)).To(Succeed())
	b.Eventually(memory).Should(Equal("0"))
	b.create(&nodev1.RuntimeClass{
		ObjectMeta: metav1.ObjectMeta{Name: "sandbox"}, Handler: "sandbox", Overhead: &nodev1.Overhead{PodFixed: list("cpu", "1")},
	})
	set := &appsv1.DaemonSet{}
	b.Expect(b.Get(b.ctx, client.ObjectKey{Namespace: "default", Name: "daemon"}, set)).To(Succeed())
	name := "sandbox"
	set.Spec.Template.Spec.RuntimeClassName = &name
	b.Expect(b.Update(b.ctx, set)).To(Succeed())
	b.Eventually(func() bool {
		daemons := b.model.Snapshot().Daemons()
		return len(daemons) == 1 && daemons[0].Spec.Overhead.Cpu().String() == "1"
	}).Should(BeTrue())
}

// LIF-017, LIF-060: re-examination and heartbeats read nothing from the API
// server.
func TestSteadyState(t *testing.T) {
	b := run(t, func(b *bench) {
		b.node("node", "id")
		b.claim("claim", "id", nodeClass.Kind)
		b.pod("p", "node")
		b.pool("pool")
		b.daemonSet("daemon")
	})
	b.eventuallyLoaded()
	b.Eventually(b.cpu("id")).Should(BeEquivalentTo(1000))
	b.Eventually(b.clock.HasWaiters).Should(BeTrue())
	time.Sleep(200 * time.Millisecond) // lists of watches that start late
	b.requests.take()
	for range 3 {
		b.clock.Step(time.Minute)
		time.Sleep(50 * time.Millisecond)
	}
	b.Expect(b.requests.take()).To(BeEmpty())
}

// LIF-017, LIF-038: a volume that could not be resolved is tried again.
func TestVolumesSettle(t *testing.T) {
	b := run(t, func(b *bench) {
		b.node("node", "id")
		b.pod("p", "node", func(p *corev1.Pod) {
			p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "late"},
			}}}
		})
	})
	b.Eventually(b.cpu("id")).Should(BeEquivalentTo(1000))
	b.create(&corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "pv"},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: list("storage", "1Gi"), AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "d", VolumeHandle: "h"}},
		},
	})
	b.create(&corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "late"},
		Spec: corev1.PersistentVolumeClaimSpec{
			VolumeName: "pv", AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: list("storage", "1Gi")},
		},
	})
	b.Eventually(func() int {
		b.clock.Step(time.Minute)
		return len(b.model.Snapshot().Node("id").Volumes()["d"])
	}).Should(Equal(1))
}

// LIF-016
func TestNodeClaimGC(t *testing.T) {
	b := run(t)
	b.eventuallyLoaded()
	waiting := types.NamespacedName{Namespace: "default", Name: "waiting"}
	insert := func(nc *v1.NodeClaim, pods ...types.NamespacedName) {
		b.model.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: nc, Pods: pods})
	}
	insert(b.claim("exists", "", nodeClass.Kind))
	insert(&v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "gone", UID: "gone"}}, waiting)
	b.Eventually(b.clock.HasWaiters).Should(BeTrue())
	names := func() (out []string) {
		for _, u := range b.model.Unlaunched() {
			out = append(out, u.NodeClaim.Name)
		}
		return out
	}
	b.clock.Step(14 * time.Second)
	b.Consistently(names, 300*time.Millisecond).Should(ConsistOf("exists", "gone"))
	b.Eventually(func() []string { b.clock.Step(time.Second); return names() }).Should(ConsistOf("exists"))
	_, held := b.model.Snapshot().Awaiting(waiting)
	b.Expect(held).To(BeFalse())
	launched := b.claim("launched", "id", nodeClass.Kind)
	insert(launched)
	b.clock.Step(time.Minute)
	b.Consistently(func() *cluster.StateNode { return b.model.Snapshot().Node("id") }, 300*time.Millisecond).ShouldNot(BeNil())
}

func instanceType(name, zone, capacityType string, price float64) *cloudprovider.InstanceType {
	return &cloudprovider.InstanceType{Name: name, Offerings: cloudprovider.Offerings{{
		Requirements: requirement.All(requirement.In(label.Zone, zone), requirement.In(label.CapacityType, capacityType)),
		Price:        price,
	}}}
}

// LIF-055, OPS-149
func TestPricing(t *testing.T) {
	b := run(t)
	b.market.set(errors.New("the price list is closed"))
	np := b.pool("pool")
	b.claim("claim", "id", nodeClass.Kind)
	failures := func() float64 {
		families, err := b.registry.Gather()
		b.Expect(err).NotTo(HaveOccurred())
		for _, f := range families {
			if f.GetName() == "karpenter_nodepools_cost_tracker_errors_total" {
				return f.GetMetric()[0].GetCounter().GetValue()
			}
		}
		return 0
	}
	b.Eventually(failures).Should(BeNumerically(">", 0))
	b.Expect(testutil.GatherAndCount(b.registry, "karpenter_nodepools_cost_tracker_errors_total")).To(Equal(1))
	b.market.set(nil, instanceType("small", "zone", "spot", 2))
	cost := func() float64 { return b.ledger.Cost("pool") }
	b.Eventually(cost).Should(BeEquivalentTo(2)) // retried
	other := b.claim("other", "id-2", nodeClass.Kind)
	b.Eventually(cost).Should(BeEquivalentTo(4))
	b.Expect(b.Delete(b.ctx, other)).To(Succeed())
	b.Eventually(cost).Should(BeEquivalentTo(2))
	b.market.set(nil, instanceType("small", "zone", "spot", 3))
	weight := int32(7)
	b.Expect(b.Get(b.ctx, client.ObjectKeyFromObject(np), np)).To(Succeed())
	np.Spec.Weight = &weight
	b.Expect(b.Update(b.ctx, np)).To(Succeed()) // a change of the pool
	b.Eventually(cost).Should(BeEquivalentTo(3))
	b.Expect(b.Delete(b.ctx, np)).To(Succeed())
	b.Eventually(cost).Should(BeZero())
}
