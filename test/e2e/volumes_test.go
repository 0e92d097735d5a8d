// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// driver attaches the volumes of these tests. Nobody but they have heard of it.
const driver = "csi.testing.example.com"

var _ = Describe("Volumes", func() {
	// SCH-080, SCH-083, SCH-191: a node comes up where the volumes of its pods can
	// be made, and what is bound stays reachable.
	It("are in the zone of the node that is launched for them", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		class := storageClass(env.Name("zonal"), "test-zone-b")
		env.Create(ctx, class)
		provision(ctx, class)
		w := objects.Workload{Name: env.Name("stateful"), Replicas: 3, CPU: "3", Change: withVolume(class)}
		env.Create(ctx, w.Deployment())

		pods := env.EventuallyRunning(ctx, w)
		for _, node := range env.EventuallySettled(ctx, pool) {
			Expect(node.Labels).To(HaveKeyWithValue(corev1.LabelTopologyZone, "test-zone-b"))
			Expect(on(node, pods)).To(HaveLen(1))
		}
		Expect(env.Claims(ctx, pool)).To(HaveLen(3))

		of(pool, w).goesOn(ctx, podsDeleted(), nodeDrained(), nodeDeleted(), morePods(1), fewerPods(1))
		for _, node := range env.Nodes(ctx, pool) {
			Expect(node.Labels).To(HaveKeyWithValue(corev1.LabelTopologyZone, "test-zone-b"))
		}
	})

	// SCH-083, SCH-086: a pod whose volume is bound gets its next node there.
	It("bring their pods back to where they are", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		class := storageClass(env.Name("anywhere"))
		env.Create(ctx, class)
		provision(ctx, class)
		data := claimOf(class, env.Name("data"))
		env.Create(ctx, data)
		w := objects.Workload{Name: env.Name("stateful"), Replicas: 1, CPU: "1", Change: mount(data.Name)}
		w.NodeTerms = []corev1.NodeSelectorTerm{objects.Term(objects.Expression(corev1.LabelTopologyZone, corev1.NodeSelectorOpIn, "test-zone-c"))}
		pinned := w.Deployment()
		env.Create(ctx, pinned)
		env.EventuallyRunning(ctx, w)
		first := env.EventuallySettled(ctx, pool)
		Expect(first).To(HaveLen(1))
		Expect(env.Delete(ctx, pinned, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		Expect(client.IgnoreNotFound(env.Delete(ctx, &first[0]))).To(Succeed())
		env.EventuallyNodes(ctx, pool, 0)

		again := objects.Workload{Name: env.Name("again"), Replicas: 1, CPU: "1", Change: mount(data.Name)}
		env.Create(ctx, again.Deployment())
		env.EventuallyRunning(ctx, again)
		second := env.EventuallySettled(ctx, pool)
		Expect(second).To(HaveLen(1))
		Expect(second[0].Labels).To(HaveKeyWithValue(corev1.LabelTopologyZone, "test-zone-c"))

		of(pool, again).goesOn(ctx, podsDeleted(), nodeDrained(), nodeDeleted())
		for _, node := range env.Nodes(ctx, pool) {
			Expect(node.Labels).To(HaveKeyWithValue(corev1.LabelTopologyZone, "test-zone-c"))
		}
	})

	// SCH-089: a node that attaches no more volumes has room for no more of them.
	It("get another node when one attaches no more", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", require(objects.InstanceCPU, corev1.NodeSelectorOpIn, "16"))
		limitAttachments(ctx, pool, 2)
		class := storageClass(env.Name("limited"), "test-zone-a")
		env.Create(ctx, class)
		provision(ctx, class)
		w := objects.Workload{Name: env.Name("stateful"), Replicas: 1, CPU: "1", Change: withVolume(class)}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		first := env.EventuallySettled(ctx, pool)
		Expect(first).To(HaveLen(1))

		w.Replicas = 4
		env.Scale(ctx, w, w.Replicas)
		pods := env.EventuallyRunning(ctx, w)
		Expect(env.EventuallySettled(ctx, pool)).To(HaveLen(2))
		Expect(on(first[0], pods)).To(HaveLen(2))

		of(pool, w).goesOn(ctx, podsDeleted(), nodeDeleted(), morePods(2), fewerPods(2))
	})

	// SCH-030 row 7, SCH-081, SCH-085: a defect costs only the pod that has it.
	It("that are not in order are named to their pods, others are served", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		env.EventuallyUsable(ctx, pool)
		left, right := storageClass(env.Name("left"), "test-zone-a"), storageClass(env.Name("right"), "test-zone-b")
		env.Create(ctx, left, right)
		a, b := claimOf(left, env.Name("a")), claimOf(right, env.Name("b"))
		env.Create(ctx, a, b)
		missing := objects.Workload{Name: env.Name("missing"), CPU: "1", Change: mount(env.Name("nowhere"))}.Pod()
		torn := objects.Workload{Name: env.Name("torn"), CPU: "1", Change: mount(a.Name, b.Name)}.Pod()
		good := objects.Workload{Name: env.Name("good"), Replicas: 1, CPU: "1"}
		env.Create(ctx, missing, torn, good.Deployment())

		Expect(env.EventuallyEvent(ctx, missing, "FailedScheduling")).To(ContainSubstring("PersistentVolumeClaim " + missing.Namespace + "/" + env.Name("nowhere")))
		Expect(env.EventuallyEvent(ctx, torn, "FailedScheduling")).To(And(
			ContainSubstring("exclude each other"), ContainSubstring(a.Name), ContainSubstring(b.Name)))
		env.EventuallyRunning(ctx, good)
		Expect(env.Claims(ctx, pool)).To(HaveLen(1))
	})
})

// storageClass makes volumes in the zones, if any, once their pods have nodes.
func storageClass(name string, zones ...string) *storagev1.StorageClass {
	mode, reclaim := storagev1.VolumeBindingWaitForFirstConsumer, corev1.PersistentVolumeReclaimRetain
	class := &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: name, Labels: objects.Marked(nil)},
		Provisioner: driver, VolumeBindingMode: &mode, ReclaimPolicy: &reclaim,
	}
	if len(zones) > 0 {
		class.AllowedTopologies = []corev1.TopologySelectorTerm{{
			MatchLabelExpressions: []corev1.TopologySelectorLabelRequirement{{Key: corev1.LabelTopologyZone, Values: zones}},
		}}
	}
	return class
}

func claimOf(class *storagev1.StorageClass, name string) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: objects.Namespace, Name: name, Labels: objects.Marked(nil)},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: &class.Name,
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
}

// withVolume gives each pod a volume of its own.
func withVolume(class *storagev1.StorageClass) func(*corev1.PodSpec) {
	return func(spec *corev1.PodSpec) {
		claim := claimOf(class, "")
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{
			Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{
				ObjectMeta: metav1.ObjectMeta{Labels: claim.Labels}, Spec: claim.Spec,
			}},
		}})
	}
}

// mount gives pods the volumes of claims.
func mount(claims ...string) func(*corev1.PodSpec) {
	return func(spec *corev1.PodSpec) {
		for _, name := range claims {
			spec.Volumes = append(spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
			}})
		}
	}
}

// selectedNode is where the scheduler wants a claim to be provisioned.
const selectedNode = "volume.kubernetes.io/selected-node"

// provision makes volumes of a class until the test ends, as a driver does: each
// in the zone of the node that the scheduler has selected.
func provision(ctx context.Context, class *storagev1.StorageClass) {
	made := map[string]bool{}
	observe(ctx, &corev1.PersistentVolumeClaimList{}, func(claim *corev1.PersistentVolumeClaim) {
		if !isOf(claim, class) || claim.Annotations[selectedNode] == "" || made[claim.Name] {
			return
		}
		made[claim.Name] = true
		env.Create(ctx, volumeFor(ctx, claim))
	})
}

func isOf(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass) bool {
	return claim.Spec.StorageClassName != nil && *claim.Spec.StorageClassName == class.Name && claim.DeletionTimestamp == nil
}

func volumeFor(ctx context.Context, claim *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	var node corev1.Node
	Expect(env.Get(ctx, client.ObjectKey{Name: claim.Annotations[selectedNode]}, &node)).To(Succeed())
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "pv-" + string(claim.UID), Labels: objects.Marked(nil)},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName:              *claim.Spec.StorageClassName,
			AccessModes:                   claim.Spec.AccessModes,
			Capacity:                      claim.Spec.Resources.Requests,
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				CSI: &corev1.CSIPersistentVolumeSource{Driver: driver, VolumeHandle: string(claim.UID)},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
				objects.Term(objects.Expression(corev1.LabelTopologyZone, corev1.NodeSelectorOpIn, node.Labels[corev1.LabelTopologyZone])),
			}}},
		},
	}
}

// limitAttachments says of each node of the pool, until the test ends, how many
// volumes it attaches, as the kubelet of a real node would. Without that, the
// scheduler does not look again at pods which had too many volumes for others.
func limitAttachments(ctx context.Context, pool *v1.NodePool, count int32) {
	limited := map[string]bool{}
	observe(ctx, &corev1.NodeList{}, func(node *corev1.Node) {
		if node.Labels[v1.NodePoolLabelKey] != pool.Name || limited[node.Name] {
			return
		}
		limited[node.Name] = true
		env.Create(ctx, &storagev1.CSINode{
			ObjectMeta: metav1.ObjectMeta{Name: node.Name, OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID},
			}},
			Spec: storagev1.CSINodeSpec{Drivers: []storagev1.CSINodeDriver{
				{Name: driver, NodeID: node.Name, Allocatable: &storagev1.VolumeNodeResources{Count: &count}},
			}},
		})
	})
}

// observe hands on every version of the objects of a kind until the test ends.
func observe[T client.Object](ctx context.Context, kind client.ObjectList, take func(T)) {
	stream, err := env.WithWatch.Watch(ctx, kind)
	Expect(err).NotTo(HaveOccurred())
	done := make(chan struct{})
	DeferCleanup(func() {
		stream.Stop()
		<-done
	})
	go func() {
		defer GinkgoRecover()
		defer close(done)
		for event := range stream.ResultChan() {
			if o, ok := event.Object.(T); ok && event.Type != watch.Deleted {
				take(o)
			}
		}
	}()
}
