// SPDX-License-Identifier: Apache-2.0

package fake_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// broken is a provider of which some methods do something else.
type broken struct {
	cloudprovider.CloudProvider
	create  func(context.Context, *v1.NodeClaim) (*v1.NodeClaim, error)
	delete  func(context.Context, *v1.NodeClaim) error
	get     func(context.Context, string) (*v1.NodeClaim, error)
	list    func(context.Context) ([]*v1.NodeClaim, error)
	types   func(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error)
	drifted func(context.Context, *v1.NodeClaim) (cloudprovider.DriftReason, error)
	name    func() string
	classes func() []status.Object
}

// Unwrap implements cloudprovider.Layer.
func (b *broken) Unwrap() cloudprovider.CloudProvider { return b.CloudProvider }

func (b *broken) Create(ctx context.Context, c *v1.NodeClaim) (*v1.NodeClaim, error) {
	if b.create != nil {
		return b.create(ctx, c)
	}
	return b.CloudProvider.Create(ctx, c)
}

func (b *broken) Delete(ctx context.Context, c *v1.NodeClaim) error {
	if b.delete != nil {
		return b.delete(ctx, c)
	}
	return b.CloudProvider.Delete(ctx, c)
}

func (b *broken) Get(ctx context.Context, id string) (*v1.NodeClaim, error) {
	if b.get != nil {
		return b.get(ctx, id)
	}
	return b.CloudProvider.Get(ctx, id)
}

func (b *broken) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	if b.list != nil {
		return b.list(ctx)
	}
	return b.CloudProvider.List(ctx)
}

func (b *broken) GetInstanceTypes(ctx context.Context, p *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	if b.types != nil {
		return b.types(ctx, p)
	}
	return b.CloudProvider.GetInstanceTypes(ctx, p)
}

func (b *broken) IsDrifted(ctx context.Context, c *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	if b.drifted != nil {
		return b.drifted(ctx, c)
	}
	return b.CloudProvider.IsDrifted(ctx, c)
}

func (b *broken) Name() string {
	if b.name != nil {
		return b.name()
	}
	return b.CloudProvider.Name()
}

func (b *broken) SupportedNodeClasses() []status.Object {
	if b.classes != nil {
		return b.classes()
	}
	return b.CloudProvider.SupportedNodeClasses()
}

// breakage is how a row is made to fail: it changes the cloud or the provider.
type breakage struct {
	row    string
	reason string
	change func(*harnessWorld, *conformance.Cloud, *broken)
}

// created changes what Create returns.
func created(change func(*v1.NodeClaim)) func(*harnessWorld, *conformance.Cloud, *broken) {
	return func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
		b.create = func(ctx context.Context, c *v1.NodeClaim) (*v1.NodeClaim, error) {
			out, err := w.Create(ctx, c)
			if err == nil {
				change(out)
			}
			return out, err
		}
	}
}

// failing replaces the error of a Create that fails.
func failing(with error) func(*harnessWorld, *conformance.Cloud, *broken) {
	return func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
		b.create = func(ctx context.Context, c *v1.NodeClaim) (*v1.NodeClaim, error) {
			out, err := w.Create(ctx, c)
			if err != nil {
				err = with
			}
			return out, err
		}
	}
}

// sells changes the instance types.
func sells(change func([]*cloudprovider.InstanceType) []*cloudprovider.InstanceType) func(*harnessWorld, *conformance.Cloud, *broken) {
	return func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
		b.types = func(ctx context.Context, p *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
			types, err := w.GetInstanceTypes(ctx, p)
			return change(types), err
		}
	}
}

// copies returns changed copies of the types.
func copies(change func(*cloudprovider.InstanceType)) func([]*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
	return func(types []*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
		var out []*cloudprovider.InstanceType
		for _, it := range types {
			changed := it.Copy()
			change(changed)
			out = append(out, changed)
		}
		return out
	}
}

// onlyOne leaves one offering of a type.
func onlyOne(it *cloudprovider.InstanceType) { it.Offerings = it.Offerings[:1] }

// refused says something else of reserved offerings that are not available.
func refused(count int, available bool) func(*cloudprovider.InstanceType) {
	return func(it *cloudprovider.InstanceType) {
		for i, o := range it.Offerings {
			if o.CapacityType() == label.Reserved && !o.Available {
				said := *o
				said.ReservationCapacity, said.Available = count, available
				it.Offerings[i] = &said
			}
		}
	}
}

func harnessOnly(change func(*harnessWorld, *conformance.Cloud)) func(*harnessWorld, *conformance.Cloud, *broken) {
	return func(w *harnessWorld, c *conformance.Cloud, _ *broken) { change(w, c) }
}

func ice() error { return cloudprovider.NewInsufficientCapacityError(errDown) }

func breakages() []breakage {
	return []breakage{
		{"CP-301", "its name changes", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			n := 0
			b.name = func() string { n++; return fmt.Sprint("n", n) }
		}},
		{"CP-301", "NodeClass objects are shared", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			one := &v1alpha1.TestNodeClass{}
			b.classes = func() []status.Object { return []status.Object{one} }
		}},
		{"CP-303", "another zone is told than that of the machine", created(func(c *v1.NodeClaim) { c.Labels[label.Zone] = "elsewhere" })},
		{"CP-303", "a nil result", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.create = func(context.Context, *v1.NodeClaim) (*v1.NodeClaim, error) { return nil, nil }
		}},
		{"CP-304", "no hash", created(func(c *v1.NodeClaim) { c.Annotations = nil })},
		{"CP-305", "the input is changed", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.create = func(ctx context.Context, c *v1.NodeClaim) (*v1.NodeClaim, error) {
				c.Labels["changed"] = "true"
				return w.Create(ctx, c)
			}
		}},
		{"CP-306", "every failure is a lack of capacity", failing(ice())},
		{"CP-306", "no event", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) {
			c.NodeClasses.EventReasons = func() []string { return nil }
		})},
		{"CP-307", "not ready is a plain error", failing(errDown)},
		{"CP-307/unknown", "unknown is a lack of capacity", failing(ice())},
		{"CP-307/stale", "stale is a lack of capacity", failing(ice())},
		{"CP-308", "the dearest is bought", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.create = func(ctx context.Context, c *v1.NodeClaim) (*v1.NodeClaim, error) {
				dear := c.DeepCopy()
				dear.Spec.Requirements = append(dear.Spec.Requirements, in(label.InstanceType, "test-64"))
				return w.Create(ctx, dear)
			}
		}},
		{"CP-308", "nothing is sold that would show it", sells(func(types []*cloudprovider.InstanceType) []*cloudprovider.InstanceType { return types[:1] })},
		{"CP-308", "always on demand, and the first type is sold on demand only", func(w *harnessWorld, c *conformance.Cloud, b *broken) {
			sells(func(types []*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
				first := types[0].Copy()
				first.Offerings = first.Offerings.OfCapacityType(label.OnDemand)
				return append([]*cloudprovider.InstanceType{first}, types[1:]...)
			})(w, c, b)
			b.create = func(ctx context.Context, c *v1.NodeClaim) (*v1.NodeClaim, error) {
				dear := c.DeepCopy()
				dear.Spec.Requirements = append(dear.Spec.Requirements, in(label.CapacityType, label.OnDemand))
				return w.Create(ctx, dear)
			}
		}},
		{"CP-310", "the resources of the type are told", created(func(c *v1.NodeClaim) { c.Status.Allocatable = nil })},
		{"CP-311", "nothing launchable is a plain error", failing(errDown)},
		{"CP-312", "the catalogue does not learn", sells(copies(func(it *cloudprovider.InstanceType) {
			for i, o := range it.Offerings {
				available := *o
				available.Available = true
				it.Offerings[i] = &available
			}
		}))},
		{"CP-312", "all of the type is marked", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			failed := false
			b.create = func(ctx context.Context, c *v1.NodeClaim) (*v1.NodeClaim, error) {
				out, err := w.Create(ctx, c)
				failed = failed || err != nil
				return out, err
			}
			b.types = func(ctx context.Context, p *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
				types, err := w.GetInstanceTypes(ctx, p)
				if failed {
					types = copies(neverAvailable)(types)
				}
				return types, err
			}
		}},
		{"CP-313", "no type is sold in two places", sells(copies(onlyOne))},
		{"CP-313", "unavailable for ever", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) { c.Stock.UnavailableFor = 0 })},
		{"CP-314", "one offering is marked only", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) {
			c.Scopes.Faults[0].Covers = func(*cloudprovider.InstanceType, *cloudprovider.Offering) bool { return false }
		})},
		{"CP-316", "a fault is a lack of capacity", failing(ice())},
		{"CP-318", "each Create is another machine", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.create = func(ctx context.Context, c *v1.NodeClaim) (*v1.NodeClaim, error) {
				other := c.DeepCopy()
				other.UID += types.UID(fmt.Sprint(w.Launches()))
				return w.Create(ctx, other)
			}
		}},
		{"CP-321", "one that gives up takes the others along", func(w *harnessWorld, c *conformance.Cloud, b *broken) {
			c.Batching = &conformance.Batching{Turn: runtime.Gosched}
			c.Batching.Fill, c.Batching.Collect = func(testing.TB, int) {}, func(testing.TB) {}
			b.create = func(ctx context.Context, _ *v1.NodeClaim) (*v1.NodeClaim, error) {
				return nil, cmp.Or(ctx.Err(), errDown)
			}
		}},
		{"CP-322", "a running machine is not found", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.delete = func(context.Context, *v1.NodeClaim) error { return cloudprovider.NewNodeClaimNotFoundError(errDown) }
		}},
		{"CP-322/gone", "what is gone is deleted for ever", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.delete = func(context.Context, *v1.NodeClaim) error { return nil }
		}},
		{"CP-323", "an outage is an end", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.delete = func(context.Context, *v1.NodeClaim) error { return cloudprovider.NewNodeClaimNotFoundError(errDown) }
		}},
		{"CP-324", "an outage is an end", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.get = func(context.Context, string) (*v1.NodeClaim, error) {
				return nil, cloudprovider.NewNodeClaimNotFoundError(errDown)
			}
		}},
		{"CP-325", "a page that fails is left out", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.list = func(ctx context.Context) ([]*v1.NodeClaim, error) {
				listed, _ := w.List(ctx)
				return listed, nil
			}
		}},
		{"CP-326", "a stranger is listed", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.list = func(ctx context.Context) ([]*v1.NodeClaim, error) {
				listed, err := w.List(ctx)
				return append(listed, &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "foreign"}}), err
			}
		}},
		{"CP-326/terminating", "no deletion timestamp", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.list = func(ctx context.Context) ([]*v1.NodeClaim, error) {
				listed, err := w.List(ctx)
				for _, c := range listed {
					c.DeletionTimestamp = nil
				}
				return listed, err
			}
		}},
		{"CP-327", "machines without NodeClass are left out", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.list = func(ctx context.Context) ([]*v1.NodeClaim, error) {
				if w.nodeClass == nil {
					return nil, nil
				}
				return w.List(ctx)
			}
		}},
		{"CP-328", "two types of a name", sells(func(types []*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
			return append(types, types[0])
		})},
		{"CP-329", "a label is not defined", sells(copies(func(it *cloudprovider.InstanceType) {
			it.Requirements = it.Requirements.Without(func(key string) bool { return key == fake.LabelSize })
		}))},
		{"CP-329/reserved", "a reservation on every offering", sells(copies(func(it *cloudprovider.InstanceType) {
			for i, o := range it.Offerings {
				named := *o
				named.Requirements = o.Requirements.Intersect(requirement.All(requirement.In("karpenter.test.sh/other", "r"))).Without(func(key string) bool { return strings.HasSuffix(key, "reservation-id") })
				it.Offerings[i] = &named
			}
		}))},
		{"CP-330", "a copy of the catalogue each time", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.types = func(ctx context.Context, p *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
				types, err := w.GetInstanceTypes(ctx, p)
				return copies(func(*cloudprovider.InstanceType) {})(types), err
			}
		}},
		{"CP-331", "an empty list without NodeClass", func(w *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.types = func(ctx context.Context, p *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
				types, _ := w.GetInstanceTypes(ctx, p)
				return types, nil
			}
		}},
		{"CP-332", "each answer costs a call", func(w *harnessWorld, c *conformance.Cloud, b *broken) {
			calls := 0
			c.Machines.CloudCalls = func() int { return calls }
			b.types = func(ctx context.Context, p *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
				calls++
				return w.GetInstanceTypes(ctx, p)
			}
		}},
		{"CP-333", "the kubelet has less", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) {
			node := c.Boot.Node
			c.Boot.Node = func(t testing.TB, claim *v1.NodeClaim) *corev1.Node {
				n := node(t, claim)
				delete(n.Status.Allocatable, corev1.ResourceMemory)
				return n
			}
		})},
		{"CP-335", "the edit is not seen", harnessOnly(func(w *harnessWorld, c *conformance.Cloud) {
			c.Edits.Edit = func(testing.TB) string { return "test-zone-3" }
		})},
		{"CP-336", "nothing drifts", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.drifted = func(context.Context, *v1.NodeClaim) (cloudprovider.DriftReason, error) { return "", nil }
		}},
		{"CP-337", "all drifts", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.drifted = func(context.Context, *v1.NodeClaim) (cloudprovider.DriftReason, error) { return "Always", nil }
		}},
		{"CP-338", "nothing drifts", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) {
			b.drifted = func(context.Context, *v1.NodeClaim) (cloudprovider.DriftReason, error) { return "", nil }
		}},
		{"CP-339", "drifted ones are stamped too", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) {
			upgrade, key := c.Hash.Upgrade, c.Hash.HashKey
			c.Hash.Upgrade = func(t testing.TB, claims ...*v1.NodeClaim) []*v1.NodeClaim {
				stored := upgrade(t, claims...)
				stored[1].Annotations[key] = stored[0].Annotations[key]
				return stored
			}
		})},
		{"CP-340", "the finalizer goes at once", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) { c.Ending.Gone = func() bool { return true } })},
		{"CP-341", "no taint", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) {
			node := c.Boot.Node
			c.Boot.Node = func(t testing.TB, claim *v1.NodeClaim) *corev1.Node {
				n := node(t, claim)
				n.Spec.Taints = nil
				return n
			}
		})},
		{"CP-342", "nothing is collected", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) { c.Collection.Collect = func(testing.TB) {} })},
		{"CP-342", "NodeClaims are listed first", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) {
			c.Collection.During = func(t testing.TB, happens func()) {
				happens()
				c.Collection.Collect(t)
			}
		})},
		{"CP-344", "the count does not drop", sells(copies(func(it *cloudprovider.InstanceType) {
			for i, o := range it.Offerings {
				full := *o
				full.ReservationCapacity, full.Available = 2, true
				it.Offerings[i] = &full
			}
		}))},
		{"CP-344", "a reservation that refuses keeps its count", sells(copies(refused(1, false)))},
		{"CP-344", "a reservation that refuses stays available", sells(copies(refused(0, true)))},
		{"CP-345", "notices are lost", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) { c.Interruption.Handle = func(testing.TB) {} })},
		{"CP-347", "there is no name", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) { b.name = func() string { return "" } }},
		{"CP-347", "the name is not lower case", func(_ *harnessWorld, _ *conformance.Cloud, b *broken) { b.name = func() string { return "Fake" } }},
		{"CP-348", "a restart loses machines", harnessOnly(func(w *harnessWorld, c *conformance.Cloud) {
			c.Machines.Restart = func(testing.TB) { w.world = newWorld() }
		})},
		{"CP-349", "an error tells the user data", failing(errors.New("sent user-data-of-the-test"))},
	}
}

// KIT-204: each row fails on a provider that breaks it.
func TestRowsCanFail(t *testing.T) {
	proven := map[string]bool{"CP-334": true} // a type computes its allocatable itself
	for _, b := range breakages() {
		proven[b.row] = true
		t.Run(b.row+" "+b.reason, func(t *testing.T) {
			if said := saidBy(t, b); len(said) == 0 {
				t.Error("the row passes")
			}
		})
	}
	for _, id := range harness().RowIDs() {
		if !proven[id] {
			t.Errorf("nothing shows that %s can fail", id)
		}
	}
}

// neverAvailable takes all offerings of a type away.
func neverAvailable(it *cloudprovider.InstanceType) {
	for i, o := range it.Offerings {
		it.Offerings[i] = o.Unavailable()
	}
}

// saidBy returns what a row says about the in-memory cloud with a change.
func saidBy(t *testing.T, b breakage) []string {
	t.Helper()
	h := harness()
	h.Start = func(t testing.TB) conformance.Cloud {
		w := newHarnessWorld(t)
		c := w.cloud()
		wrapped := &broken{CloudProvider: w}
		b.change(w, &c, wrapped)
		c.Provider = wrapped
		return c
	}
	return conformance.Failures(t, h, b.row)
}

// KIT-204: rows do not fail for what a provider may do.
func TestRowsDoNotFail(t *testing.T) {
	last := sells(func(types []*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
		n := len(types) - 1
		return append(types[:n:n], copies(neverAvailable)(types[n:])...)
	})
	for _, b := range []breakage{
		{"CP-312", "a type is never available", last},
		{"CP-314", "a type is never available", last},
		{"CP-314", "a fault lasts", harnessOnly(func(_ *harnessWorld, c *conformance.Cloud) {
			c.Stock.Restock, c.Stock.Step = func(testing.TB) {}, func(time.Duration) {}
		})},
	} {
		t.Run(b.row+" "+b.reason, func(t *testing.T) {
			if said := saidBy(t, b); len(said) > 0 {
				t.Errorf("the row says %v", said)
			}
		})
	}
}

// KIT-201, KIT-202, KIT-203: what a harness must not leave out.
func TestHarnessFaults(t *testing.T) {
	for _, tc := range []struct {
		reason string
		change func(*conformance.Harness)
		cloud  func(*conformance.Cloud)
		fault  string
	}{
		{"whole", nil, nil, ""},
		{"a function of the floor is nil", nil, func(c *conformance.Cloud) { c.Machines.Restart = nil }, "the harness has no Machines.Restart and no requirement that excuses it"},
		{"a function of a capability is nil", nil, func(c *conformance.Cloud) { c.Ending.Delete = nil }, "the harness has no Ending.Delete and no requirement that excuses it"},
		{"a list of a capability is empty", nil, func(c *conformance.Cloud) { c.Scopes.Faults = []conformance.ScopedFault{} }, "the harness has no Scopes.Faults and no requirement that excuses it"},
		{"a capability is neither brought nor excused", nil, func(c *conformance.Cloud) { c.Boot = nil }, "the harness has no Boot and no requirement that excuses it"},
		{"the floor is excused", func(h *conformance.Harness) { h.Lacks["Stock"] = "CP-081: no" }, func(c *conformance.Cloud) { c.Stock = nil }, "Stock is lacking by"},
		{"an excuse without requirement", func(h *conformance.Harness) { h.Lacks["Prices"] = "too hard" }, nil, "Prices is lacking by"},
		{"an excuse for what does not exist", func(h *conformance.Harness) { h.Lacks["Weather"] = "CP-001: no" }, nil, "Weather is lacking by"},
		{"brought and excused", func(h *conformance.Harness) { h.Lacks["Boot"] = "CP-001: no" }, nil, "Boot is brought and lacking"},
		{"a row that does not exist is ruled differently", func(h *conformance.Harness) { h.Differs = map[string]string{"no-row": "KIT-205"} }, nil, "no-row is ruled differently"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			h := harness()
			if tc.change != nil {
				tc.change(&h)
			}
			h.Start = func(t testing.TB) conformance.Cloud {
				c := newHarnessWorld(t).cloud()
				if tc.cloud != nil {
					tc.cloud(&c)
				}
				return c
			}
			faults := strings.Join(h.Faults(t), "; ")
			if (tc.fault == "") != (faults == "") || !strings.Contains(faults, tc.fault) {
				t.Errorf("got %q, want %q", faults, tc.fault)
			}
		})
	}
	missing := harness()
	missing.Start = func(t testing.TB) conformance.Cloud {
		c := newHarnessWorld(t).cloud()
		c.Boot.Node = nil
		return c
	}
	if said := conformance.Failures(t, missing, "CP-341"); !slices.Equal(said, []string{"the harness has no Boot.Node"}) {
		t.Errorf("the row says %v", said)
	}
}

// KIT-203: what a provider has not is not asked for.
func TestRowsOfLackingCapabilities(t *testing.T) {
	h := harness()
	h.Lacks["Reservations"] = "KIT-205: none"
	if ids := h.RowIDs(); slices.Contains(ids, "CP-329/reserved") || slices.Contains(ids, "CP-344") {
		t.Errorf("rows of reservations run: %v", ids)
	}
}

// KIT-203: rows run by ID.
func TestRowOrder(t *testing.T) {
	if ids := (conformance.Harness{}).RowIDs(); !slices.IsSorted(ids) || len(ids) < 40 {
		t.Errorf("%d rows: %v", len(ids), ids)
	}
}
