// SPDX-License-Identifier: Apache-2.0

package world

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/test/oracle/internal/chance"
)

// World is a cluster with pods that wait.
type World struct {
	Namespaces []*corev1.Namespace
	DaemonSets []*appsv1.DaemonSet
	Nodes      []*corev1.Node
	// NodeClaims back the nodes of pools; those without a Node are on their way.
	NodeClaims []*v1.NodeClaim
	// Bound pods run on nodes, Pending ones wait.
	Bound, Pending []*corev1.Pod
	// Leaving pods run on nodes that are going away, and need another place.
	Leaving []*corev1.Pod
	Pools   []Pool
	// Claims that pods use, with what they are bound to or may be.
	Claims   []*corev1.PersistentVolumeClaim
	Volumes  []*corev1.PersistentVolume
	Classes  []*storagev1.StorageClass
	CSINodes []*storagev1.CSINode
	// Drivers say of whom Room is complete.
	Drivers []*storagev1.CSIDriver
	Room    []*storagev1.CSIStorageCapacity
	// Zones there are.
	Zones []string
}

// Pool is a NodePool with what the provider offers for it.
type Pool struct {
	NodePool *v1.NodePool
	Types    []*cloudprovider.InstanceType
}

// Labels of this world's own.
const (
	// Size is a label of the provider: the number of CPUs of a type.
	Size = "example.com/size"
	// Rack, Team and Owner are labels of the users. Only of Owner do pools say
	// no more than that it exists; no spread is over it, because a value made up
	// for a new node is a domain that no plan can know (SCH-144).
	Rack  = "rack"
	Team  = "team"
	Owner = "owner"
	// Reservation names a capacity reservation.
	Reservation = "example.com/reservation"
	// GPU is an extended resource.
	GPU = "example.com/gpu"
)

// Vocabulary is how the world's provider reads labels.
func Vocabulary() *vocabulary.Vocabulary {
	words, err := vocabulary.New(vocabulary.Additions{
		WellKnownLabels: []string{Size, Reservation}, OfferingLabels: []string{Reservation}, ReservationIDLabel: Reservation,
	})
	if err != nil { // constant input
		panic(err)
	}
	return words
}

// Shape bounds a world.
type Shape struct {
	Zones, Types, Pools, Nodes, Workloads, Pending int
}

// Usual is the shape of the worlds that placements are checked in.
func Usual() Shape { return Shape{Zones: 4, Types: 6, Pools: 3, Nodes: 8, Workloads: 4, Pending: 12} }

// Small is the shape of worlds in which everything can be tried.
func Small() Shape { return Shape{Zones: 3, Types: 4, Pools: 2, Nodes: 4, Workloads: 4, Pending: 6} }

// Start is when everything was created.
func Start() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Draw makes a world. Equal draws make deeply equal worlds that share nothing.
func Draw(t *rapid.T, s Shape) *World {
	b := builder{Draw: chance.Draw{T: t}, shape: s, World: &World{}}
	b.Zones = []string{"za", "zb", "zc", "zd"}[:b.Between(2, s.Zones)]
	b.namespaces()
	b.types = b.instanceTypes()
	b.pools()
	b.daemonSets()
	chance.Repeat(&b.Draw, 1, s.Workloads, func() { b.workloads = append(b.workloads, b.workload()) })
	b.classes()
	b.nodes()
	b.csiNodes()
	b.bind()
	b.leave()
	b.wait()
	return b.World
}

// builder holds what a world is made from.
type builder struct {
	chance.Draw
	shape Shape
	*World
	types     []*cloudprovider.InstanceType
	workloads []*workload
	reserving bool // some types are sold as reserved capacity
	made      int  // objects so far; numbers them
}

func (b *builder) namespaces() {
	for _, name := range []string{"one", "two", "system"} {
		b.Namespaces = append(b.Namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: map[string]string{"kubernetes.io/metadata.name": name, "stage": "stage-" + name},
		}})
	}
}

// next numbers objects.
func (b *builder) next() int {
	b.made++
	return b.made
}

// wait makes the pods that wait.
func (b *builder) wait() {
	chance.Repeat(&b.Draw, 1, b.shape.Pending, func() {
		w := b.workloads[b.UpTo(len(b.workloads))]
		for range b.Between(1, 3) {
			if len(b.Pending) < b.shape.Pending {
				b.Pending = append(b.Pending, b.pending(w))
			}
		}
	})
}

func (b *builder) pending(w *workload) *corev1.Pod {
	pod := b.pod(w)
	pod.Status.Phase = corev1.PodPending
	pod.Status.Conditions = []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
	}}
	return pod
}

// zones are some of the zones, at least one.
func (b *builder) zones() []string { return chance.Some(b.Draw, 1, b.Zones...) }

// Node returns the Node of a name.
func (w *World) Node(name string) *corev1.Node {
	i := slices.IndexFunc(w.Nodes, func(n *corev1.Node) bool { return n.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("there is no node %q", name))
	}
	return w.Nodes[i]
}
