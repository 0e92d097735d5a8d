// SPDX-License-Identifier: Apache-2.0

package infrastructure_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/infrastructure"
	"karpenter.sh/providers/clusterapi/instancetype"
)

// cluster has one infrastructure template.
type cluster struct {
	client.Client
	reads, stale int
	// err is what reads fail with.
	err error
	// unreachable is why the cluster does not answer.
	unreachable error
	// mapper knows the kinds. It may be slow.
	mapper  meta.RESTMapper
	renewed int
	clock   *clocktesting.FakePassiveClock
}

func (c *cluster) RESTMapper() meta.RESTMapper { return c.mapper }

// blackHole answers nobody until it is closed.
type blackHole struct {
	meta.RESTMapper
	closed chan struct{}
}

func (b blackHole) RESTMapping(schema.GroupKind, ...string) (*meta.RESTMapping, error) {
	<-b.closed
	return nil, errors.New("closed")
}

func mapperOf(version string) meta.RESTMapper {
	kind := schema.GroupVersionKind{Group: group, Version: version, Kind: "ExampleMachineTemplate"}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{kind.GroupVersion()})
	mapper.Add(kind, meta.RESTScopeNamespace)
	return mapper
}

const group = "infrastructure.example.com"

func newCluster(t *testing.T) (*cluster, *infrastructure.Templates) {
	t.Helper()
	kind := schema.GroupVersionKind{Group: group, Version: "v1", Kind: "ExampleMachineTemplate"}
	object := &unstructured.Unstructured{Object: map[string]any{"status": map[string]any{
		"capacity": map[string]any{"cpu": int64(4), "memory": "16Gi", "example.com/odd": "?", "example.com/debt": "-1"},
		"nodeInfo": map[string]any{"architecture": "arm64", "operatingSystem": "linux"},
	}}}
	object.SetGroupVersionKind(kind)
	object.SetNamespace("ns")
	object.SetName("template")
	c := &cluster{mapper: mapperOf("v1"), clock: clocktesting.NewFakePassiveClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))}
	api := fake.NewClientBuilder().WithScheme(runtime.NewScheme()).WithRESTMapper(c.mapper).WithObjects(object).Build()
	c.Client = interceptor.NewClient(api, interceptor.Funcs{
		Get: func(ctx context.Context, w client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if c.reads++; c.err != nil {
				return c.err
			}
			if o.GetObjectKind().GroupVersionKind().Version != "v1" {
				return apierrors.NewGenericServerResponse(http.StatusNotFound, "get", schema.GroupResource{}, key.Name, "404 page not found", 0, true)
			}
			return w.Get(ctx, key, o, opts...)
		},
	})
	templates := infrastructure.New(infrastructure.Options{
		Client: c, Clock: c.clock, Reachable: func(context.Context) error { return c.unreachable },
		Renew: func() (client.Client, error) {
			c.renewed++
			return &cluster{Client: c.Client, mapper: mapperOf("v1")}, nil
		},
		Stale: func(string, time.Duration, error) { c.stale++ },
	})
	t.Cleanup(templates.Close)
	return c, templates
}

func deployment(ref capi.InfrastructureRef) *capi.MachineDeployment {
	d := &capi.MachineDeployment{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "md"}}
	d.Spec.Template.Spec.InfrastructureRef = ref
	return d
}

func known() capi.InfrastructureRef {
	return capi.InfrastructureRef{APIGroup: group, Kind: "ExampleMachineTemplate", Name: "template"}
}

func full() instancetype.Facts {
	return instancetype.Facts{
		Capacity:     corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("16Gi")},
		Architecture: "arm64", OS: "linux",
	}
}

// CAPI-019: what is there is read, in the words of either version of Cluster API; what is
// not there says nothing.
func TestOf(t *testing.T) {
	for reason, tc := range map[string]struct {
		ref  capi.InfrastructureRef
		want instancetype.Facts
	}{
		"v1beta2":                      {known(), full()},
		"v1beta1, and an old version":  {capi.InfrastructureRef{APIVersion: group + "/v1alpha1", Kind: "ExampleMachineTemplate", Name: "template"}, full()},
		"no template":                  {capi.InfrastructureRef{}, instancetype.Facts{}},
		"there is none of the name":    {capi.InfrastructureRef{APIGroup: group, Kind: "ExampleMachineTemplate", Name: "other"}, instancetype.Facts{}},
		"nobody knows kinds like this": {capi.InfrastructureRef{APIGroup: group, Kind: "Other", Name: "template"}, instancetype.Facts{}},
	} {
		t.Run(reason, func(t *testing.T) {
			_, templates := newCluster(t)
			got, err := templates.Of(t.Context(), deployment(tc.ref))
			if err != nil || !cmp.Equal(got, tc.want) {
				t.Errorf("%v\n%s", err, cmp.Diff(tc.want, got))
			}
		})
	}
}

// CAPI-010, CAPI-019, CAPI-061: a template is read once for minutes; what it said is
// believed while it cannot be read, whatever the reason; and what was never read is not
// taken for nothing.
func TestReading(t *testing.T) {
	c, templates := newCluster(t)
	read := func(want instancetype.Facts, fails bool) {
		t.Helper()
		got, err := templates.Of(t.Context(), deployment(known()))
		if (err != nil) != fails || !cmp.Equal(got, want) {
			t.Errorf("%v\n%s", err, cmp.Diff(want, got))
		}
	}
	c.err = errors.New("connection refused")
	read(instancetype.Facts{}, true)
	c.err, c.reads = nil, 0
	read(full(), false)
	read(full(), false)
	if c.reads != 1 {
		t.Errorf("read %d times", c.reads)
	}
	for _, err := range []error{errors.New("connection refused"), apierrors.NewForbidden(schema.GroupResource{}, "template", nil), apierrors.NewNotFound(schema.GroupResource{}, "template")} {
		c.err = err
		c.clock.SetTime(c.clock.Now().Add(time.Hour))
		read(full(), false)
	}
	if c.stale != 1 {
		t.Errorf("told %d times that it is stale", c.stale)
	}
}

// CAPI-065: without the permission nothing is said.
func TestForbidden(t *testing.T) {
	c, templates := newCluster(t)
	c.err = apierrors.NewForbidden(schema.GroupResource{}, "template", nil)
	if got, err := templates.Of(t.Context(), deployment(known())); err != nil || !cmp.Equal(got, instancetype.Facts{}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// CAPI-010: of a cluster that is known not to answer nothing is asked.
func TestUnreachable(t *testing.T) {
	c, templates := newCluster(t)
	c.unreachable = errors.New("no answer for a while")
	if _, err := templates.Of(t.Context(), deployment(known())); !errors.Is(err, c.unreachable) {
		t.Errorf("what was never read: %v", err)
	}
	c.unreachable = nil
	if _, err := templates.Of(t.Context(), deployment(known())); err != nil {
		t.Fatal(err)
	}
	c.unreachable, c.reads = errors.New("no answer for a while"), 0
	c.clock.SetTime(c.clock.Now().Add(time.Hour))
	if got, err := templates.Of(t.Context(), deployment(known())); err != nil || !cmp.Equal(got, full()) || c.reads != 0 {
		t.Errorf("what was read: %v, %v, %d reads", got, err, c.reads)
	}
}

// CAPI-019, CAPI-061: a template is believed however many others there are.
func TestMany(t *testing.T) {
	c, templates := newCluster(t)
	if _, err := templates.Of(t.Context(), deployment(known())); err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		other := known()
		other.Name = fmt.Sprintf("other-%d", i)
		if _, err := templates.Of(t.Context(), deployment(other)); err != nil {
			t.Fatal(err)
		}
	}
	c.unreachable = errors.New("no route to host")
	if got, err := templates.Of(t.Context(), deployment(known())); err != nil || !cmp.Equal(got, full()) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// CAPI-010: the search for a kind ends with the patience for a read.
func TestBlackHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, templates := newCluster(t)
		hole := blackHole{c.mapper, make(chan struct{})}
		c.mapper = hole
		began := time.Now()
		_, err := templates.Of(t.Context(), deployment(known()))
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
			t.Errorf("%v after %s", err, took)
		}
		close(hole.closed)
	})
}

// CAPI-019: a provider that no longer serves the version which was found is read in
// another one.
func TestAnotherVersion(t *testing.T) {
	c, templates := newCluster(t)
	c.mapper = mapperOf("v1alpha1")
	for range 2 {
		if got, err := templates.Of(t.Context(), deployment(known())); err != nil || !cmp.Equal(got, full()) {
			t.Errorf("got %v, %v", got, err)
		}
		c.clock.SetTime(c.clock.Now().Add(time.Hour))
	}
	if _, err := templates.Of(t.Context(), deployment(capi.InfrastructureRef{APIGroup: group, Kind: "ExampleMachineTemplate", Name: "other"})); err != nil || c.renewed != 1 {
		t.Errorf("%v, kinds were looked up anew %d times", err, c.renewed)
	}
}
