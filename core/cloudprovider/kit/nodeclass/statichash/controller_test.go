// SPDX-License-Identifier: Apache-2.0

package statichash_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/core/testkit/strictapi"
)

type Class = v1alpha1.TestNodeClass

const (
	hashKey    = "karpenter.test.sh/testnodeclass-hash"
	versionKey = "karpenter.test.sh/testnodeclass-hash-version"
)

var errDown = errors.New("the API server is not available")

// scheme hashes the zones as they are written.
func scheme(version string) statichash.Scheme[*Class] {
	return statichash.Scheme[*Class]{
		Kind:    nodeclass.Kind{Group: v1alpha1.Group, Kind: "TestNodeClass"},
		Version: version,
		Hash: func(c *Class) (string, error) {
			if len(c.Spec.Zones) > 0 && c.Spec.Zones[0] == "broken" {
				return "", errDown
			}
			return strings.Join(c.Spec.Zones, "+"), nil
		},
	}
}

func class(zone string, annotations map[string]string) *Class {
	c := &Class{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid", Annotations: annotations}}
	if zone != "" {
		c.Spec.Zones = []string{zone}
	}
	return c
}

func stamp(hash, version string) map[string]string {
	return map[string]string{hashKey: hash, versionKey: version}
}

func claim(name string, annotations map[string]string, conditions ...status.Condition) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, UID: "claim", Annotations: annotations}}
	c.Spec.NodeClassRef = v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: "default"}
	c.Status.Conditions = conditions
	return c
}

// KIT-112, KIT-115, CP-103
func TestStamp(t *testing.T) {
	got, err := scheme("v1").Stamp(class("new", stamp("old", "v1")))
	if err != nil || len(got) != 2 || got[hashKey] != "new" || got[versionKey] != "v1" {
		t.Errorf("got %v, %v, want the hash of the spec", got, err)
	}
	if got, err := scheme("v1").Stamp(class("", nil)); err != nil || got != nil {
		t.Errorf("got %v, %v, want nothing until there is a hash", got, err)
	}
	if _, err := scheme("v1").Stamp(class("broken", nil)); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
}

// KIT-113, CP-122
func TestDrifted(t *testing.T) {
	for _, tc := range []struct {
		reason     string
		spec       string
		has, wants map[string]string
		drifted    bool
	}{
		{"the hashes differ", "b", stamp("a", "v2"), stamp("b", "v2"), true},
		{"the hashes agree", "a", stamp("a", "v2"), stamp("a", "v2"), false},
		{"the NodeClaim has no annotation", "b", nil, stamp("b", "v2"), false},
		{"the NodeClaim has a version only", "b", map[string]string{versionKey: "v2"}, stamp("b", "v2"), false},
		{"the NodeClass has no annotation", "b", stamp("a", "v2"), nil, false},
		{"the NodeClaim's version differs", "b", stamp("a", "v1"), stamp("b", "v2"), false},
		{"both are of another version", "b", stamp("a", "v1"), stamp("b", "v1"), false},
		{"the NodeClass is edited and not stamped yet", "a", stamp("a", "v2"), stamp("b", "v2"), false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := scheme("v2").Drifted(claim("a", tc.has), class(tc.spec, tc.wants))
			if err != nil || (got == "NodeClassDrift") != tc.drifted {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

type world struct {
	*statichash.Controller[*Class]
	api  client.WithWatch
	fail string // the name of the NodeClaim that cannot be written
}

func newWorld(t *testing.T, version string, objects ...client.Object) *world {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{api: fake.NewClientBuilder().WithScheme(s).WithObjects(objects...).Build()}
	w.Controller = statichash.New(statichash.Options[*Class]{
		Scheme: scheme(version), Fresh: func() *Class { return &Class{} },
		Client: interceptor.NewClient(strictapi.Client(t, w.api), interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
				if o.GetName() == w.fail {
					return errDown
				}
				return c.Patch(ctx, o, p, opts...)
			},
		}),
	})
	return w
}

func (w *world) reconcile(t *testing.T) error {
	t.Helper()
	c := &Class{}
	if err := w.api.Get(t.Context(), client.ObjectKey{Name: "default"}, c); err != nil {
		t.Fatal(err)
	}
	_, err := w.Reconcile(t.Context(), c)
	return err
}

func (w *world) want(t *testing.T, object client.Object, name string, want map[string]string) {
	t.Helper()
	if err := w.api.Get(t.Context(), client.ObjectKey{Name: name}, object); err != nil {
		t.Fatal(err)
	}
	got := object.GetAnnotations()
	if got[hashKey] != want[hashKey] || got[versionKey] != want[versionKey] {
		t.Errorf("%T %s: got %v, want %v", object, name, got, want)
	}
}

// KIT-114, CP-104, CP-339
func TestMigration(t *testing.T) {
	drifted := status.Condition{Type: "Drifted", Status: "True"}
	examined := status.Condition{Type: "Drifted", Status: "Unknown"}
	w := newWorld(t, "v2", class("new", stamp("old", "v1")),
		claim("undrifted", stamp("old", "v1")), claim("drifted", stamp("older", "v1"), drifted), claim("examined", stamp("older", "v1"), examined),
		claim("current", stamp("older", "v2")), claim("unstamped", nil))
	for range 2 {
		if err := w.reconcile(t); err != nil {
			t.Fatal(err)
		}
	}
	w.want(t, &Class{}, "default", stamp("new", "v2"))
	for name, want := range map[string]map[string]string{
		"undrifted": stamp("new", "v2"),
		"drifted":   stamp("older", "v2"),
		"examined":  stamp("older", "v2"),
		"current":   stamp("older", "v2"),
		"unstamped": stamp("new", "v2"),
	} {
		w.want(t, &v1.NodeClaim{}, name, want)
	}
}

// KIT-114: an edit touches no NodeClaim, which thereby drifts.
func TestEdit(t *testing.T) {
	w := newWorld(t, "v2", class("new", stamp("old", "v2")), claim("a", stamp("old", "v2")))
	if err := w.reconcile(t); err != nil {
		t.Fatal(err)
	}
	w.want(t, &Class{}, "default", stamp("new", "v2"))
	w.want(t, &v1.NodeClaim{}, "a", stamp("old", "v2"))
}

// KIT-114: a migration that fails half-way is taken up again.
func TestMigrationFails(t *testing.T) {
	w := newWorld(t, "v2", class("new", stamp("old", "v1")), claim("a", stamp("old", "v1")), claim("b", stamp("old", "v1")))
	w.fail = "a"
	if err := w.reconcile(t); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	w.want(t, &Class{}, "default", stamp("old", "v1"))
	w.want(t, &v1.NodeClaim{}, "b", stamp("new", "v2"))
	w.fail = ""
	if err := w.reconcile(t); err != nil {
		t.Fatal(err)
	}
	w.want(t, &Class{}, "default", stamp("new", "v2"))
	w.want(t, &v1.NodeClaim{}, "a", stamp("new", "v2"))
}

// KIT-111, KIT-115: without a hash nothing is stamped.
func TestNoHash(t *testing.T) {
	w := newWorld(t, "v1", class("", nil))
	if err := w.reconcile(t); err != nil {
		t.Error(err)
	}
	w.want(t, &Class{}, "default", nil)
	w = newWorld(t, "v1", class("broken", nil))
	if err := w.reconcile(t); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	w.want(t, &Class{}, "default", nil)
}
