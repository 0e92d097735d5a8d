// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/selection"
)

// types are those of a pool without taints.
func (w *world) types() []*cloudprovider.InstanceType {
	w.t.Helper()
	pool := &karpv1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "pool"}}
	pool.Spec.Template.Spec.NodeClassRef = karpv1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"}
	its, err := w.front.GetInstanceTypes(w.t.Context(), pool)
	w.must(err)
	return its
}

// offering is the only one of a type; none if the type is not there.
func (w *world) offering(typeName string) *cloudprovider.Offering {
	w.t.Helper()
	for _, it := range w.types() {
		if it.Name == typeName {
			return it.Offerings[0]
		}
	}
	w.t.Fatalf("there is no type %s", typeName)
	return nil
}

// CAPI-029, CAPI-061, CAPI-112: what cannot be had now stays, unavailable.
func TestAvailability(t *testing.T) {
	for reason, tc := range map[string]struct {
		change func(*world, *capi.MachineDeployment)
		want   bool
	}{
		"nothing is wrong":      {func(*world, *capi.MachineDeployment) {}, true},
		"it is paused":          {func(_ *world, d *capi.MachineDeployment) { d.Spec.Paused = true }, false},
		"it cannot be read now": {func(_ *world, d *capi.MachineDeployment) { d.Annotations[instancetype.AnnotationCPU] = "many" }, false},
		"its cluster is paused": {func(w *world, _ *capi.MachineDeployment) {
			w.must(w.API.Create(w.t.Context(), &capi.Cluster{
				ObjectMeta: metav1.ObjectMeta{Namespace: simcapi.Namespace, Name: simcapi.ClusterName}, Spec: capi.ClusterSpec{Paused: true},
			}))
		}, false},
		"it is at its limit, and nil counts as 0": {func(_ *world, d *capi.MachineDeployment) {
			d.Spec.Replicas, d.Annotations[capi.AnnotationMaxSize] = nil, "0"
		}, false},
		"it is below its limit": {func(_ *world, d *capi.MachineDeployment) { d.Annotations[capi.AnnotationMaxSize] = "1" }, true},
		"it is at its limit, and nobody has its Machine": {func(_ *world, d *capi.MachineDeployment) {
			d.Spec.Replicas, d.Annotations[capi.AnnotationMaxSize] = new(int32(1)), "1"
		}, true},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			md := w.deployment("md", "small", "a")
			w.deployment("other", "other", "a")
			w.types() // what is read once is remembered
			w.Change(md, func(d *capi.MachineDeployment) { tc.change(w, d) })
			if got := w.offering("small").Available; got != tc.want {
				t.Errorf("available: %t", got)
			}
			if paused := reason == "its cluster is paused"; w.offering("other").Available == paused {
				t.Errorf("the other one is available: %t", !paused)
			}
		})
	}
}

// CAPI-014, CAPI-061: what no longer takes part is no type any more.
func TestSelection(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	w.deployment("other", "other", "a")
	w.Deployment("foreign", 0, func(d *capi.MachineDeployment) { d.Spec.ClusterName = "other" })
	if n := len(w.types()); n != 2 {
		t.Errorf("%d types", n)
	}
	w.Change(md, func(d *capi.MachineDeployment) { d.Labels[v1alpha1.LabelMember] = v1alpha1.NotMember })
	if its := w.types(); len(its) != 1 || its[0].Name != "other" {
		t.Errorf("got %v", its)
	}
}

// CP-009: a Machine more changes no type; another price changes its own only.
func TestPointers(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	w.deployment("other", "other", "a")
	before := w.types()
	w.Change(md, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(3)) })
	if !slices.Equal(before, w.types()) {
		t.Error("replicas made other types")
	}
	w.Change(md, func(d *capi.MachineDeployment) { d.Annotations[instancetype.AnnotationPrice] = "7" })
	after := w.types()
	if after[0] != before[0] || after[1] == before[1] || after[1].Offerings[0].Price != 7 {
		t.Errorf("got %v after %v", after, before)
	}
}

// CAPI-023, CAPI-024: a pool sees labels that it defines, and nodes only whose taints its
// pods stand.
func TestPools(t *testing.T) {
	w := newWorld(t)
	w.deployment("md", "small", "a", instancetype.AnnotationLabels, "example.com/team=x", instancetype.AnnotationTaints, "team=x:NoSchedule")
	pool := &karpv1.NodePool{}
	pool.Spec.Template.Spec.NodeClassRef = karpv1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"}
	for _, tainted := range []bool{false, true} {
		if tainted {
			pool.Spec.Template.ObjectMeta.Labels = map[string]string{"example.com/team": "x"}
			pool.Spec.Template.Spec.StartupTaints = []corev1.Taint{{Key: "team", Value: "x", Effect: corev1.TaintEffectNoSchedule}}
		}
		its, err := w.front.GetInstanceTypes(t.Context(), pool)
		w.must(err)
		if its[0].Requirements.Has("example.com/team") != tainted || its[0].Offerings[0].Available != tainted {
			t.Errorf("tainted %t: got %v, available %t", tainted, its[0].Requirements, its[0].Offerings[0].Available)
		}
	}
}

// CAPI-017, CAPI-030, CAPI-054: which Machines are listed, and what of them.
func TestList(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	nodeClaim := w.nodeClaim("nc")
	_, err := w.front.Create(t.Context(), nodeClaim)
	w.must(err)
	w.Change(md, func(d *capi.MachineDeployment) {
		d.Spec.Template.ObjectMeta.Labels = map[string]string{v1alpha1.LabelMember: ""}
		d.Spec.Replicas = new(int32(2)) // one more, which nobody has
	})
	listed, err := w.front.List(t.Context())
	w.must(err)
	if len(listed) != 1 || listed[0].Labels[karpv1.NodePoolLabelKey] != "pool" || listed[0].Labels[label.InstanceType] != "small" ||
		listed[0].Annotations[v1alpha1.AnnotationNodeClaim] != "nc/"+string(nodeClaim.UID) {
		t.Errorf("listed %+v", listed)
	}
	w.StandStill(true)
	w.must(w.API.Delete(t.Context(), w.Get(md)))
	listed, err = w.front.List(t.Context())
	if err != nil || len(listed) != 2 || listed[0].Labels[label.InstanceType] != "" || listed[0].Status.ProviderID == "" {
		t.Errorf("without deployment: %+v, %v", listed, err)
	}
}

// CAPI-075: a Machine without a MachineDeployment is nobody's.
func TestListWithoutDeployment(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	w.Change(md, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(1)) })
	w.StandStill(true)
	name := client.ObjectKeyFromObject(&w.Machines(md)[0])
	w.ChangeMachine(name, func(m *capi.Machine) {
		m.OwnerReferences = nil
		delete(m.Labels, capi.LabelDeployment)
		delete(m.Labels, v1alpha1.LabelMember)
	})
	listed, err := w.front.List(t.Context())
	if err != nil || len(listed) > 0 {
		t.Errorf("listed %+v, %v", listed, err)
	}
}

// CAPI-055, CAPI-074: in a management cluster that is shared, what may be a NodeClaim's of
// another workload cluster is neither listed nor taken.
func TestSharedManagementCluster(t *testing.T) {
	w := newWorld(t)
	w.must(w.workload.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: "here"}}))
	w.scope = selection.Scope{}
	w.restart()
	md := w.deployment("md", "small", "a")
	created, err := w.front.Create(t.Context(), w.nodeClaim("nc"))
	w.must(err)
	ours := w.Machines(md)[0]
	if got := ours.Annotations[v1alpha1.AnnotationWorkload]; got != "here" {
		t.Errorf("it is claimed from %q", got)
	}
	w.Change(md, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(2)) })
	key := client.ObjectKeyFromObject(&w.Machines(md)[1])
	if key == client.ObjectKeyFromObject(&ours) {
		key = client.ObjectKeyFromObject(&w.Machines(md)[0])
	}
	for reason, tc := range map[string]struct {
		claim, workload string
		shared, foreign bool
	}{
		"claimed from here":                    {"gone/uid", "here", true, false},
		"claimed from elsewhere":               {"gone/uid", "there", false, true},
		"nobody tells, and all is one cluster": {"gone/uid", "", false, false},
		"nobody tells, with two clusters":      {"gone/uid", "", true, true},
		"it is no claim, with two clusters":    {"", "", true, true},
	} {
		t.Run(reason, func(t *testing.T) {
			if tc.shared {
				other := w.Deployment("other", 0, func(d *capi.MachineDeployment) { d.Spec.ClusterName = "other" })
				defer func() { w.must(w.API.Delete(context.Background(), w.Get(other))) }()
			}
			w.ChangeMachine(key, func(m *capi.Machine) {
				m.Labels[v1alpha1.LabelMember] = ""
				m.Annotations = map[string]string{v1alpha1.AnnotationNodeClaim: tc.claim, v1alpha1.AnnotationWorkload: tc.workload}
				if tc.claim == "" {
					m.Annotations = nil
				}
			})
			listed, err := w.front.List(t.Context())
			w.must(err)
			has := func(id string) bool {
				return slices.ContainsFunc(listed, func(n *karpv1.NodeClaim) bool { return n.Annotations[v1alpha1.AnnotationMachine] == id })
			}
			if !has(created.Annotations[v1alpha1.AnnotationMachine]) || has(key.String()) == tc.foreign {
				t.Errorf("listed %d", len(listed))
			}
			if tc.claim == "" {
				return
			}
			inv, err := w.reader.Fresh(t.Context(), md)
			w.must(err)
			if free := len(inv.Claimable(time.Time{})) > 0; free == tc.foreign {
				t.Errorf("it may be taken: %t", free)
			}
		})
	}
}

// CAPI-010, CAPI-017, CAPI-057: while the cache cannot tell of which deployment a Machine is,
// none is listed that may be its user's; one of no deployment fails nothing.
func TestListWithoutCache(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	w.Change(md, func(d *capi.MachineDeployment) {
		d.Spec.Template.ObjectMeta.Labels = map[string]string{v1alpha1.LabelMember: ""}
		d.Spec.Replicas = new(int32(1))
	})
	w.noSets.Store(true)
	if listed, err := w.front.List(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("listed %v, %v", listed, err)
	}
	w.noSets.Store(false)
	w.must(w.API.Create(t.Context(), &capi.Machine{
		ObjectMeta: metav1.ObjectMeta{Namespace: simcapi.Namespace, Name: "single", Labels: map[string]string{v1alpha1.LabelMember: ""}},
		Spec:       capi.MachineSpec{ClusterName: simcapi.ClusterName},
	}))
	if listed, err := w.front.List(t.Context()); err != nil || len(listed) != 1 || listed[0].Name != "single" {
		t.Errorf("listed %v, %v", listed, err)
	}
}

// CAPI-010, CAPI-054: a Machine that the cache does not show is looked for.
func TestGetPastTheCache(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	created, err := w.front.Create(t.Context(), w.nodeClaim("nc"))
	w.must(err)
	m := w.Machines(md)[0]
	foreign := w.Machines(w.Deployment("foreign", 1, func(d *capi.MachineDeployment) { d.Spec.ClusterName = "other" }))[0]
	_, err = w.front.Get(t.Context(), foreign.Spec.ProviderID)
	wantClass(t, err, cloudprovider.ClassNodeClaimNotFound)
	w.must(w.workload.DeleteAllOf(t.Context(), &karpv1.NodeClaim{})) // nobody names it
	w.hidden.Store(true)
	got, err := w.front.Get(t.Context(), created.Status.ProviderID)
	if err != nil || got.Annotations[v1alpha1.AnnotationMachine] != client.ObjectKeyFromObject(&m).String() {
		t.Errorf("got %v, %v", got, err)
	}
}
