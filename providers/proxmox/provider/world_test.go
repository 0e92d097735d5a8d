// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/ledger"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/bootdata"
	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/provider"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/proxmox"
)

const (
	other   = "r2"      // a second region, of one host
	cluster = "testing" // the identity of the Kubernetes cluster
	hidden  = "hush! a value of the user's"
)

var errDown = errors.New("the API server is not available")

// world is a provider between two simulated regions and a Kubernetes API in memory, with
// a NodeClass named "default" that is ready.
type world struct {
	*simtest.World
	t      testing.TB
	events *eventstest.Recorder
	// api never fails; noLookup makes the provider's reads of NodeClasses fail.
	api      client.WithWatch
	noLookup atomic.Bool
	// lookups and wholes count the provider's lists by an index, and those of a whole kind.
	lookups, wholes atomic.Int32
	hash            statichash.Scheme[*v1alpha1.ProxmoxNodeClass]
	// onToken is called before a bootstrap token is written.
	onToken func()
	// onRevoke is called before one is deleted.
	onRevoke func(context.Context)
	// shapes are on sale.
	shapes []instancetype.Shape
	static bool // machines are pinned
	// shuffle orders hosts; nil: at random. who calls the regions; none: root's token.
	shuffle func(int) []int
	who     pve.Credentials

	// What a process has of its own:
	*front
	inventory *inventory.Inventory
	ledger    *capacity.Ledger
	store     *catalogue.Store[instancetype.Shape]
}

// setup are the regions: r1 of hosts pve1 and pve2, r2 of pve3.
func setup(o *proxmox.Options) {
	o.Setup = proxmox.Setup{Regions: append(proxmox.DefaultSetup(simtest.Region).Regions, proxmox.DefaultSetup(other).Regions...)}
	second := &o.Setup.Regions[1]
	second.Hosts = second.Hosts[:1]
	second.Hosts[0].Name = "pve3"
	second.Machines[0].Host = "pve3"
	second.Hosts[0].Bridges[0].CIDR = "10.10.0.13/16"
}

func newWorld(t testing.TB, change func(*proxmox.Options)) *world {
	t.Helper()
	w := &world{t: t, events: &eventstest.Recorder{}, hash: v1alpha1.HashScheme(), shapes: instancetype.BuiltIn(), onToken: func() {}, onRevoke: func(context.Context) {}}
	w.World = simtest.Start(t, func(o *proxmox.Options) {
		setup(o)
		if change != nil {
			change(o)
		}
	})
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, karpv1.AddToScheme, v1alpha1.AddToScheme} {
		w.must(add(scheme))
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&karpv1.NodeClaim{}, &v1alpha1.ProxmoxNodeClass{})
	for _, f := range index.Fields() {
		if _, _, err := scheme.ObjectKinds(f.Object); err == nil {
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	w.api = builder.Build()
	w.must(
		w.api.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-root-ca.crt"}, Data: map[string]string{"ca.crt": "certificates"}}),
		w.api.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "karpenter", Name: "templates"}}),
		w.api.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "karpenter", Name: "values"}, Data: map[string][]byte{"Secret": []byte(hidden)}}),
		w.api.Create(t.Context(), w.newNodeClass()),
	)
	w.edit(func(*v1alpha1.ProxmoxNodeClass) {})
	w.restart()
	return w
}

func (w *world) newNodeClass() *v1alpha1.ProxmoxNodeClass {
	nodeClass := &v1alpha1.ProxmoxNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid-of-default", Generation: 1}}
	nodeClass.Spec = v1alpha1.ProxmoxNodeClassSpec{
		InstanceTemplateRef: &v1alpha1.InstanceTemplateRef{Kind: v1alpha1.UnmanagedTemplateKind, Name: "node"},
		BootDevice:          &v1alpha1.BootDevice{Size: "30Gi"}, Tags: []string{"k8s"}, ResourcePool: "karpenter",
		MetadataOptions: &v1alpha1.MetadataOptions{
			Type:         v1alpha1.MetadataTypeCDROM,
			TemplatesRef: &v1alpha1.SecretReference{Namespace: "karpenter", Name: "templates"},
			ValuesRef:    &v1alpha1.SecretReference{Namespace: "karpenter", Name: "values"},
		},
	}
	return nodeClass
}

func (w *world) must(errs ...error) {
	w.t.Helper()
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
}

// restart makes another process on the same clusters.
func (w *world) restart() {
	w.t.Helper()
	w.process()
	w.must(w.inventory.Refresh(w.t.Context()))
}

// process makes another process that has read nothing yet.
func (w *world) process() {
	w.t.Helper()
	strict := strictapi.Client(w.t, w.api)
	cached := interceptor.NewClient(strict, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, ok := o.(*v1alpha1.ProxmoxNodeClass); ok && w.noLookup.Load() {
				return errDown
			}
			return c.Get(ctx, key, o, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
			if o := (&client.ListOptions{}).ApplyOptions(opts); o.FieldSelector != nil {
				w.lookups.Add(1)
			} else {
				w.wholes.Add(1)
			}
			return c.List(ctx, l, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if _, ok := o.(*corev1.Secret); ok {
				w.onToken()
			}
			return c.Create(ctx, o, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			w.onRevoke(ctx)
			return c.Delete(ctx, o, opts...)
		},
	})
	if w.who == (pve.Credentials{}) {
		w.who = pve.Credentials{TokenID: simtest.TokenID, TokenSecret: simtest.TokenSecret}
	}
	clients := map[string]*pve.Client{simtest.Region: w.As(simtest.Region, w.who), other: w.As(other, w.who)}
	w.ledger = capacity.NewLedger(w.static)
	book := network.NewBook()
	w.inventory = inventory.New(inventory.Options{Clients: clients, Nodes: strict, Ledger: w.ledger, Book: book, Clock: w.Clock})
	w.store = catalogue.NewStore(catalogue.StoreOptions[instancetype.Shape]{
		Name: "instance types", Clock: w.Clock, Load: func(context.Context) ([]instancetype.Shape, error) { return w.shapes, nil },
	})
	w.must(w.store.Refresh(w.t.Context()))
	p, err := provider.New(provider.Options{
		Client: cached, Events: w.events, Cluster: cluster, Inventory: w.inventory,
		Launcher: launch.New(launch.Options{Clients: clients, Ledger: w.ledger, Book: book, IDs: launch.NewIDs(20000, w.Clock), Clock: w.Clock}),
		Boot: bootdata.New(bootdata.Options{
			Client: cached, Namespace: "kube-system", Version: func(context.Context) (string, error) { return "v1.33.4", nil }, Clock: w.Clock,
		}),
		Shapes: w.store, Health: health.New(health.Options{Clock: w.Clock}), Hash: &w.hash, MemoryOverhead: 0.075, Clock: w.Clock, Shuffle: w.shuffle,
	})
	w.must(err)
	inv := w.inventory
	w.t.Cleanup(func() { p.Close(context.Background()); inv.Close() })
	if w.front == nil {
		w.front = &front{}
	}
	w.front.CloudProvider, w.front.w = p, w
}

// front is what the core does around the provider: a launch that waits for what became of
// the one before is tried again.
type front struct {
	cloudprovider.CloudProvider
	w *world
}

// Unwrap implements cloudprovider.Layer.
func (f *front) Unwrap() cloudprovider.CloudProvider { return f.CloudProvider }

// Create implements cloudprovider.CloudProvider.
func (f *front) Create(ctx context.Context, nodeClaim *karpv1.NodeClaim) (*karpv1.NodeClaim, error) {
	for {
		created, err := f.CloudProvider.Create(ctx, nodeClaim)
		if !errors.Is(err, ledger.ErrOpen) {
			return created, err
		}
		f.w.Clock.Step(2 * time.Second)
	}
}

func (w *world) nodeClass() *v1alpha1.ProxmoxNodeClass {
	w.t.Helper()
	nodeClass := &v1alpha1.ProxmoxNodeClass{}
	w.must(w.api.Get(context.Background(), client.ObjectKey{Name: "default"}, nodeClass))
	return nodeClass
}

// edit changes the NodeClass and does what its controllers do: it is stamped, its zones
// are found, and it is ready.
func (w *world) edit(change func(*v1alpha1.ProxmoxNodeClass)) {
	w.t.Helper()
	nodeClass := w.nodeClass()
	before := nodeClass.DeepCopy()
	change(nodeClass)
	stamp, err := w.hash.Stamp(nodeClass)
	w.must(err)
	nodeClass.Annotations = stamp
	if nodeClass.Generation++; before.Annotations == nil {
		nodeClass.Generation = 1
	}
	w.must(w.api.Update(context.Background(), nodeClass))
	w.resolve()
}

// resolve finds the zones of the NodeClass.
func (w *world) resolve() {
	w.t.Helper()
	nodeClass := w.nodeClass()
	nodeClass.Status.SelectedZones = nil
	for _, zone := range []string{"r1/pve1/9000", "r1/pve2/9000", "r2/pve3/9000"} {
		if strings.HasPrefix(zone, nodeClass.Spec.Region) {
			nodeClass.Status.SelectedZones = append(nodeClass.Status.SelectedZones, zone)
		}
	}
	w.must(w.api.Status().Update(context.Background(), nodeClass))
	w.setReady(metav1.ConditionTrue, "")
}

func (w *world) setReady(is metav1.ConditionStatus, message string) {
	w.t.Helper()
	nodeClass := w.nodeClass()
	nodeClass.StatusConditions()
	for i := range nodeClass.Status.Conditions {
		c := &nodeClass.Status.Conditions[i]
		c.Status, c.Reason, c.Message, c.ObservedGeneration = is, "Tested", message, nodeClass.Generation
	}
	w.must(w.api.Status().Update(context.Background(), nodeClass))
}

// machines are those of both regions that Karpenter made.
func (w *world) machines() []proxmox.Seen {
	w.t.Helper()
	var out []proxmox.Seen
	for _, region := range []string{simtest.Region, other} {
		all, err := w.Cloud.Machines(region)
		w.must(err)
		out = append(out, slices.DeleteFunc(all, func(m proxmox.Seen) bool {
			return !strings.Contains(m.Options["description"], "cluster="+cluster)
		})...)
	}
	return out
}

// calls counts those of a name; empty: all.
func (w *world) calls(name string) int { return len(w.Cloud.Journal().Entries(name, 0)) }

// claim is a NodeClaim of a name.
func claim(name string, more ...karpv1.NodeSelectorRequirementWithMinValues) *karpv1.NodeClaim {
	nodeClaim := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: types.UID("uid-of-" + name), Labels: map[string]string{karpv1.NodePoolLabelKey: "pool"},
	}}
	nodeClaim.Spec.NodeClassRef = karpv1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.NodeClassKind, Name: "default"}
	nodeClaim.Spec.Requirements = more
	return nodeClaim
}

// in is a requirement of one key.
func in(key string, values ...string) karpv1.NodeSelectorRequirementWithMinValues {
	return karpv1.NodeSelectorRequirementWithMinValues{Key: key, Operator: karpv1.OperatorIn, Values: values}
}

// types are those of a pool with the NodeClass.
func (w *world) types() []*cloudprovider.InstanceType {
	w.t.Helper()
	pool := &karpv1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "pool"}}
	pool.Spec.Template.Spec.NodeClassRef = claim("").Spec.NodeClassRef
	out, err := w.GetInstanceTypes(w.t.Context(), pool)
	w.must(err)
	return out
}

// available lists the hosts that a type can be had on.
func (w *world) available(typeName string) string {
	w.t.Helper()
	var out []string
	for _, it := range w.types() {
		for _, o := range it.Offerings {
			if it.Name == typeName && o.Available {
				out = append(out, o.Zone())
			}
		}
	}
	return strings.Join(out, " ")
}
