// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/controllers/garbagecollection"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
)

// CP-301, CP-303, CP-305, CP-306, CP-307, CP-308, CP-310, CP-311, CP-312, CP-313, CP-316,
// CP-318, CP-320, CP-321, CP-322, CP-323, CP-324, CP-325, CP-326, CP-327, CP-328, CP-329,
// CP-330, CP-331, CP-332, CP-334, CP-335, CP-337, CP-342, CP-347, CP-348, and by
// CP-342 CAPI-055, CAPI-057
func TestConformance(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		Start: func(t testing.TB) conformance.Cloud { return newCloud(t).describe() },
		Lacks: map[conformance.Capability]string{
			"Hash":         "CAPI-062: a ClusterAPINodeClass has no hash",
			"Drift":        "CAPI-061: images and versions are rolled out by Cluster API",
			"Overlays":     "CP-077: the layer of overlays is not there yet",
			"Scopes":       "CAPI-037: a limit is of one MachineDeployment",
			"Truncation":   "CAPI-034: a launch chooses among any number of types",
			"Templates":    "CAPI-064: bootstrap and infrastructure templates are the user's",
			"Boot":         "CAPI-064: the user's bootstrap template registers nodes",
			"Ending":       "CAPI-062: nothing is owned for a NodeClass that could fail to be deleted",
			"Tags":         "CAPI-002: a ClusterAPINodeClass has no tags",
			"Reservations": "CAPI-029: capacity types are spot and on-demand",
			"Interruption": "CAPI-058: Machines that are replaced end their NodeClaims",
			"Prices":       "CAPI-018: prices are annotations",
			"Secrets":      "CAPI-008: the only secret is the token of the connection, which only the process has: its tests look for it",
			"Accounts":     "CAPI-054: an ID that no Machine has is of no Machine",
		},
		Differs: map[string]string{
			"CP-319": "CAPI-040: each Machine is claimed by a write of its own; CAPI-101 bounds the calls about the MachineDeployment",
		},
	})
}

// cloud is a world with a catalogue: two types, one of which is sold in two zones and as
// spot as well.
type cloud struct{ *world }

func newCloud(t testing.TB) *cloud {
	w := newWorld(t)
	w.deployment("small-a", "small", "a", instancetype.AnnotationPrice, "1")
	w.deployment("small-b", "small", "b", instancetype.AnnotationPrice, "1")
	w.deployment("large-a", "large", "a", instancetype.AnnotationPrice, "2", instancetype.AnnotationCPU, "8")
	w.deployment("spot-a", "small", "a", instancetype.AnnotationPrice, "0.5", instancetype.AnnotationLabels,
		"node.kubernetes.io/instance-type=small,topology.kubernetes.io/zone=a,topology.kubernetes.io/region=r,karpenter.sh/capacity-type=spot")
	w.CountAnew()
	return &cloud{w}
}

func (c *cloud) describe() conformance.Cloud {
	writes := func(of simcapi.Call) func() int { return func() int { return c.Calls(of) } }
	return conformance.Cloud{
		Provider:  c.front,
		NodeClass: karpv1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"},
		Machines: &conformance.Machines{
			Count: c.Count, CloudCalls: writes(simcapi.Call{}),
			Launches:          writes(simcapi.Call{Verb: "patch", Kind: "MachineDeployment"}),
			Terminations:      writes(simcapi.Call{Verb: "patch"}),
			ForeignID:         "aws:///zone/i-1",
			FinishTermination: func(testing.TB) { c.LetGo() },
			AddForeign:        c.addForeign,
			FillPages:         c.fillPages,
			Restart:           func(testing.TB) { c.restart() },
		},
		NodeClasses: &conformance.NodeClasses{
			Remove:       func(t testing.TB) { c.must(c.workload.Delete(t.Context(), c.nodeClass())) },
			Terminate:    c.terminate,
			BreakLookup:  func(testing.TB) { c.noLookup.Store(true) },
			SetReady:     func(_ testing.TB, is metav1.ConditionStatus, message string) { c.setReady(is, message) },
			EventReasons: c.events.Reasons,
		},
		Faults: &conformance.Faults{
			Break:        func(testing.TB) { c.Fail(func(simcapi.Call, client.Object) error { return errDown }) },
			FailLaunches: c.failLaunches,
			Mend:         func(testing.TB) { c.Fail(nil) },
		},
		Stock: &conformance.Stock{
			SellOut: c.sellOut, Restock: c.restock, UnavailableFor: 3 * time.Minute, Step: c.clock.Step,
		},
		Catalogue:  &conformance.Catalogue{RemoveType: c.removeType},
		Edits:      &conformance.Edits{Edit: c.edit, Resolve: func(testing.TB) { c.setReady(metav1.ConditionTrue, "") }},
		Overrides:  &conformance.Overrides{Offer: c.offerMore},
		Collection: c.collection(),
		Batching: &conformance.Batching{
			Turn:    func() { time.Sleep(time.Millisecond) },
			Fill:    func(_ testing.TB, machines int) { c.Stock(machines) },
			Collect: func(t testing.TB) { c.clock.Step(time.Hour); c.round(t, func() {}) },
		},
	}
}

// addForeign adds a Machine that Karpenter does not own, and one of another cluster.
func (c *cloud) addForeign(testing.TB) {
	c.Change(client.ObjectKey{Namespace: simcapi.Namespace, Name: "large-a"}, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(1)) })
	c.Deployment("foreign", 1, func(d *capi.MachineDeployment) { d.Spec.ClusterName = "other" })
	for _, m := range c.Machines(client.ObjectKey{Namespace: simcapi.Namespace, Name: "foreign"}) {
		c.ChangeMachine(client.ObjectKeyFromObject(&m), func(m *capi.Machine) { m.Labels[v1alpha1.LabelMember] = "" })
	}
}

// fillPages makes the second page fail.
func (c *cloud) fillPages(t testing.TB) {
	if _, err := c.front.Create(t.Context(), c.asked("paged")); err != nil {
		t.Fatal(err)
	}
	c.Page(1)
	lists := 0
	c.Fail(func(call simcapi.Call, _ client.Object) error {
		if call == (simcapi.Call{Verb: "list", Kind: "Machine"}) {
			if lists++; lists == 2 {
				return errDown
			}
		}
		return nil
	})
}

func (c *cloud) asked(name string) *karpv1.NodeClaim {
	nodeClaim := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, UID: "uid"}}
	nodeClaim.Spec.NodeClassRef = karpv1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"}
	return nodeClaim
}

func (c *cloud) terminate(t testing.TB) {
	nodeClass := c.nodeClass()
	nodeClass.Finalizers = []string{"example.com/held"}
	c.must(c.workload.Update(t.Context(), nodeClass))
	c.must(c.workload.Delete(t.Context(), nodeClass))
}

// failLaunches makes the API server answer writes of replicas with a fault.
func (c *cloud) failLaunches(_ testing.TB, fault conformance.Fault) {
	err := error(apierrors.NewInternalError(errDown))
	if fault == conformance.Throttled {
		err = apierrors.NewTooManyRequests("slow down", 1)
	}
	c.Fail(func(call simcapi.Call, _ client.Object) error {
		if call == (simcapi.Call{Verb: "patch", Kind: "MachineDeployment"}) {
			return err
		}
		return nil
	})
}

// sellOut limits the deployments behind an offering to the replicas they have.
func (c *cloud) sellOut(_ testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
	for _, d := range c.deployments() {
		list := d.Annotations[instancetype.AnnotationLabels]
		if has(list, label.InstanceType, it.Name) && has(list, label.Zone, o.Zone()) && has(list, label.CapacityType, label.Spot) == (o.CapacityType() == label.Spot) {
			c.Change(client.ObjectKeyFromObject(&d), func(d *capi.MachineDeployment) { d.Annotations[capi.AnnotationMaxSize] = fmt.Sprint(d.Replicas()) })
		}
	}
}

func (c *cloud) restock(testing.TB) {
	for _, d := range c.deployments() {
		c.Change(client.ObjectKeyFromObject(&d), func(d *capi.MachineDeployment) { delete(d.Annotations, capi.AnnotationMaxSize) })
	}
}

func (c *cloud) removeType(_ testing.TB, name string) {
	for _, d := range c.deployments() {
		if has(d.Annotations[instancetype.AnnotationLabels], label.InstanceType, name) {
			c.Change(client.ObjectKeyFromObject(&d), func(d *capi.MachineDeployment) { delete(d.Labels, v1alpha1.LabelMember) })
		}
	}
}

// edit leaves zone b out.
func (c *cloud) edit(t testing.TB) string {
	c.Change(client.ObjectKey{Namespace: simcapi.Namespace, Name: "small-b"}, func(d *capi.MachineDeployment) { d.Labels["example.com/zone"] = "b" })
	nodeClass := c.nodeClass()
	nodeClass.Generation++
	nodeClass.Spec.ScalableResourceSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: "example.com/zone", Operator: metav1.LabelSelectorOpDoesNotExist},
	}}
	c.must(c.workload.Update(t.Context(), nodeClass))
	return "b"
}

// offerMore adds a deployment of a type that has more disk than the others of the type.
func (c *cloud) offerMore(testing.TB) string {
	c.deployment("small-c", "small", "c", instancetype.AnnotationDisk, "100Gi")
	return "small"
}

func (c *cloud) deployments() []capi.MachineDeployment {
	var list capi.MachineDeploymentList
	c.must(c.API.List(context.Background(), &list))
	return list.Items
}

// has reports whether a list of labels has one.
func has(list, key, value string) bool {
	return slices.Contains(strings.Split(list, ","), key+"="+value)
}

// collection stores NodeClaims as the core does; those that were launched and not stored
// are taken away before a round.
func (c *cloud) collection() *conformance.Collection {
	return &conformance.Collection{
		Store: func(t testing.TB, nodeClaim *karpv1.NodeClaim) {
			stored := c.stored(nodeClaim)
			if stored.Annotations = nodeClaim.Annotations; stored.Labels == nil {
				stored.Labels = map[string]string{}
			}
			stored.Labels[storedLabel] = ""
			c.must(c.workload.Update(t.Context(), stored))
			stored.Status = nodeClaim.Status
			c.must(c.workload.Status().Update(t.Context(), stored))
		},
		Join: func(t testing.TB, nodeClaim *karpv1.NodeClaim) {
			c.must(c.workload.Create(t.Context(), &corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: "node-of-" + nodeClaim.Name, UID: "uid-of-node-of-" + nodeClaim.UID},
				Spec:       corev1.NodeSpec{ProviderID: nodeClaim.Status.ProviderID},
			}))
		},
		Nodes: func(t testing.TB) int {
			var list corev1.NodeList
			c.must(c.workload.List(t.Context(), &list))
			return len(list.Items)
		},
		Grace: garbagecollection.Grace,
		Collect: func(t testing.TB) {
			c.must(c.workload.DeleteAllOf(t.Context(), &karpv1.NodeClaim{}, client.MatchingLabelsSelector{Selector: unstored()}))
			c.round(t, func() {})
		},
		During: c.round,
	}
}

// storedLabel is on NodeClaims that a row of the suite has stored.
const storedLabel = "example.com/stored"

func unstored() labels.Selector {
	missing, err := labels.NewRequirement(storedLabel, selection.DoesNotExist, nil)
	if err != nil {
		panic(err)
	}
	return labels.NewSelector().Add(*missing)
}

// lister lets something happen after the Machines were listed.
type lister struct {
	cloudprovider.CloudProvider
	happens func()
}

func (l lister) List(ctx context.Context) ([]*karpv1.NodeClaim, error) {
	machines, err := l.CloudProvider.List(ctx)
	l.happens()
	return machines, err
}

func (c *cloud) round(t testing.TB, happens func()) {
	strict := strictapi.Client(t, c.workload)
	controller := garbagecollection.New(garbagecollection.Options{
		Client: strict, Live: strict, Machines: lister{c.front, happens}, Clock: c.clock,
	})
	_, err := controller.Reconcile(t.Context())
	c.must(err)
}
