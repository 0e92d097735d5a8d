// SPDX-License-Identifier: Apache-2.0

package simcapi

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
)

// Namespace and ClusterName are those of all that a test does not say otherwise of.
const (
	Namespace   = "capi"
	ClusterName = "workload"
)

// Cluster is a management cluster.
type Cluster struct {
	// API is the server as it is: never failing, not counted, and nobody works after
	// a write.
	API   client.WithWatch
	clock clock.PassiveClock
	t     testing.TB

	mu      sync.Mutex
	calls   map[Call]int
	fail    func(Call, client.Object) error
	stock   int
	still   bool
	slow    bool
	made    int
	hold    func(Call)
	page    int
	changed chan struct{}
}

// Call is a kind of request.
type Call struct {
	// Verb is get, list, patch or delete.
	Verb string
	// Kind of the object, such as Machine.
	Kind string
}

// unlimited is what is in stock unless a test says otherwise.
const unlimited = 1 << 30

// New returns an empty cluster that speaks a version of Cluster API.
func New(t testing.TB, clock clock.PassiveClock, version string) *Cluster {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := capi.AddToScheme(version)(scheme); err != nil {
		t.Fatal(err)
	}
	api := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&capi.Machine{}, &capi.MachineDeployment{}).
		WithIndex(&capi.Machine{}, capi.IndexProviderID, func(o client.Object) []string { return capi.ProviderIDs(o.(*capi.Machine)) }).
		Build()
	return On(t, api, clock)
}

// On returns a cluster whose API server is somebody else's, such as a real one that knows
// the [Definitions]. Nobody works after writes that do not come through the Cluster's
// client: call [Cluster.Work].
func On(t testing.TB, api client.WithWatch, clock clock.PassiveClock) *Cluster {
	return &Cluster{
		API: api, clock: clock, t: t, calls: map[Call]int{}, stock: unlimited, changed: make(chan struct{}),
	}
}

// Cache returns a reader that costs no call and never fails.
func (c *Cluster) Cache() client.Reader { return c.API }

// Client returns the server as the provider meets it: calls are counted and may fail, and
// the controllers work after each write.
func (c *Cluster) Client() client.WithWatch {
	return interceptor.NewClient(strictapi.Client(c.t, c.API), interceptor.Funcs{
		Get: func(ctx context.Context, api client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if err := c.call("get", o); err != nil {
				return err
			}
			return api.Get(ctx, key, o, opts...)
		},
		List: func(ctx context.Context, api client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if err := c.call("list", listed(list)); err != nil {
				return err
			}
			if err := api.List(ctx, list, opts...); err != nil {
				return err
			}
			return c.cut(list, opts)
		},
		Patch: func(ctx context.Context, api client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := c.call("patch", o); err != nil {
				return err
			}
			return c.written(o, api.Patch(ctx, o, p, opts...))
		},
		Delete: func(ctx context.Context, api client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			if err := c.call("delete", o); err != nil {
				return err
			}
			return c.written(o, api.Delete(ctx, o, opts...))
		},
	})
}

// cut leaves a page of a list of Machines, if the caller asked for pages.
func (c *Cluster) cut(list client.ObjectList, opts []client.ListOption) error {
	asked := (&client.ListOptions{}).ApplyOptions(opts)
	machines, ok := list.(*capi.MachineList)
	c.mu.Lock()
	size := c.page
	c.mu.Unlock()
	if !ok || asked.Limit == 0 || size == 0 {
		return nil
	}
	from := 0
	if asked.Continue != "" {
		n, err := strconv.Atoi(asked.Continue)
		if err != nil {
			return err
		}
		from = n
	}
	to := min(from+size, len(machines.Items))
	if machines.Items = machines.Items[from:to]; to > from { // another page, if only an empty one
		machines.Continue = strconv.Itoa(to)
	}
	return nil
}

// Page makes lists of Machines end after so many; 0 ends it.
func (c *Cluster) Page(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.page = size
}

// listed is an object of the kind of a list.
func listed(list client.ObjectList) client.Object {
	switch list.(type) {
	case *capi.MachineDeploymentList:
		return &capi.MachineDeployment{}
	case *capi.MachineSetList:
		return &capi.MachineSet{}
	case *capi.ClusterList:
		return &capi.Cluster{}
	}
	return &capi.Machine{}
}

func (c *Cluster) call(verb string, o client.Object) error {
	call := Call{Verb: verb, Kind: kindOf(o)}
	c.mu.Lock()
	hold := c.hold
	c.mu.Unlock()
	if hold != nil {
		hold(call)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[call]++
	if c.fail != nil {
		return c.fail(call, o)
	}
	return nil
}

func kindOf(o client.Object) string {
	switch o.(type) {
	case *capi.MachineDeployment:
		return "MachineDeployment"
	case *capi.MachineSet:
		return "MachineSet"
	case *capi.Cluster:
		return "Cluster"
	case *capi.Machine:
		return "Machine"
	}
	return o.GetObjectKind().GroupVersionKind().Kind // of a patch, only the metadata is asked for
}

// written lets the controllers work after a write that was done.
func (c *Cluster) written(o client.Object, err error) error {
	if err != nil {
		return err
	}
	if kindOf(o) == "MachineDeployment" {
		c.renew(client.ObjectKeyFromObject(o))
	}
	c.Work()
	return nil
}

// Fail makes calls fail for which the function returns an error; nil ends it.
func (c *Cluster) Fail(fail func(Call, client.Object) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = fail
}

// Hold calls a function before each call, which it may keep waiting.
func (c *Cluster) Hold(hold func(Call)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hold = hold
}

// Calls is how many calls of a kind were made since they were last counted anew; empty
// fields are any.
func (c *Cluster) Calls(of Call) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for call, times := range c.calls {
		if (of.Verb == "" || of.Verb == call.Verb) && (of.Kind == "" || of.Kind == call.Kind) {
			n += times
		}
	}
	return n
}

// CountAnew forgets the calls so far.
func (c *Cluster) CountAnew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.calls)
}

// Changed returns a channel that is closed when the controllers have worked.
func (c *Cluster) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Deployment adds a MachineDeployment that takes part, with Machines for its replicas,
// and returns its name.
func (c *Cluster) Deployment(name string, replicas int32, change ...func(*capi.MachineDeployment)) types.NamespacedName {
	c.t.Helper()
	d := &capi.MachineDeployment{ObjectMeta: metav1.ObjectMeta{
		Namespace: Namespace, Name: name, Generation: 1,
		Labels:      map[string]string{v1alpha1.LabelMember: "", capi.LabelCluster: ClusterName},
		Annotations: map[string]string{capi.AnnotationRevision: "1"},
	}}
	d.Spec.ClusterName, d.Spec.Replicas = ClusterName, new(replicas)
	for _, f := range change {
		f(d)
	}
	if d.UID == "" {
		d.UID = types.UID("uid-of-" + d.Namespace + "-" + d.Name)
	}
	c.must(c.API.Create(context.Background(), d))
	c.Work()
	return client.ObjectKeyFromObject(d)
}

// Get reads a deployment.
func (c *Cluster) Get(name types.NamespacedName) *capi.MachineDeployment {
	c.t.Helper()
	d := &capi.MachineDeployment{}
	c.must(c.API.Get(context.Background(), name, d))
	return d
}

// Change writes a deployment, as a user would.
func (c *Cluster) Change(name types.NamespacedName, change func(*capi.MachineDeployment)) {
	c.t.Helper()
	d := c.Get(name)
	change(d)
	c.must(c.API.Update(context.Background(), d))
	c.renew(name)
	c.Work()
}

// Machines are those of a deployment, in the order of their names.
func (c *Cluster) Machines(deployment types.NamespacedName) []capi.Machine {
	c.t.Helper()
	var list capi.MachineList
	c.must(c.API.List(context.Background(), &list, client.InNamespace(deployment.Namespace), client.MatchingLabels{capi.LabelDeployment: deployment.Name}))
	return list.Items
}

// ChangeMachine writes a Machine, status included, as others would.
func (c *Cluster) ChangeMachine(name types.NamespacedName, change func(*capi.Machine)) {
	c.t.Helper()
	m := &capi.Machine{}
	c.must(c.API.Get(context.Background(), name, m))
	change(m)
	wanted := m.Status
	c.must(c.API.Update(context.Background(), m))
	m.Status = wanted
	c.must(c.API.Status().Update(context.Background(), m))
	c.Work()
}

func (c *Cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Error(fmt.Errorf("the management cluster of the test: %w", err))
	}
}
