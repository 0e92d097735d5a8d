// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/operator"
	coreoptions "karpenter.sh/core/operator/options"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/testkit/strictapi"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/clients"
	"karpenter.sh/providers/aws/cluster"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/options"
	"karpenter.sh/providers/aws/wiring"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

var errDown = errors.New("the API server is not available")

// What the account holds beside the default.
const (
	reservationID   = "cr-0123456789abcdef0"
	reservedType    = "m5.large"
	reservedCount   = 3
	spreadGroup     = "spread"
	ownProfile      = "own-profile"
	secretOfTheTest = "user-data-of-the-test"
)

// world is the provider, built as the binary builds it, in a simulated account with a
// cluster in memory and a NodeClass named "default" that is ready.
type world struct {
	t testing.TB
	*simtest.Account
	windows *windows
	api     client.WithWatch // never failing
	events  *eventstest.Recorder
	output  *output
	// minValues is the policy that the next start heeds.
	minValues requirement.MinValuesPolicy
	// noLookup makes reads of the NodeClass fail.
	noLookup atomic.Bool
	// answered is called once, after the next answer of the cloud.
	answered atomic.Pointer[func()]

	// What a restart makes anew.
	front       *front
	parts       *wiring.Parts
	registry    *prometheus.Registry
	controllers []operator.Controller
}

// newWorld starts it. What is done before meets the provider's first calls.
func newWorld(t testing.TB, before ...func(*world)) *world {
	t.Helper()
	w := &world{t: t, events: &eventstest.Recorder{}, output: &output{}, minValues: requirement.StrictMinValues, front: &front{}}
	w.Account = simtest.New(t, func(o *simtest.Options) { setUp(&o.Cloud) })
	w.windows = &windows{FakeClock: w.Clock}
	w.front.world = w
	w.Config.HTTPClient = transport{w, w.Config.HTTPClient}
	w.api = newAPI(t)
	for _, f := range before {
		f(w)
	}
	w.makeOwnProfile()
	w.must(w.api.Create(t.Context(), nodeClass()))
	w.restart()
	w.resolve()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func setUp(o *cloudaws.Options) {
	o.Setup.Reservations = []cloudaws.Reservation{{
		ID: reservationID, Type: reservedType, Zone: "us-west-2a", Count: reservedCount, Match: "targeted", Kind: "default",
	}}
	o.Setup.PlacementGroups = []cloudaws.PlacementGroup{{ID: "pg-0123456789abcdef0", Name: spreadGroup, Strategy: "spread"}}
}

// nodeClass is as admission would have it.
func nodeClass() *v1.EC2NodeClass {
	discovery := map[string]string{"karpenter.sh/discovery": simtest.Cluster}
	c := &v1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid-of-default", Generation: 1}}
	c.Spec = v1.EC2NodeClassSpec{
		SubnetSelectorTerms:        []v1.SubnetSelectorTerm{{Tags: discovery}},
		SecurityGroupSelectorTerms: []v1.SecurityGroupSelectorTerm{{Tags: discovery}},
		AMISelectorTerms:           []v1.AMISelectorTerm{{Alias: "al2023@latest"}},
		Role:                       "KarpenterNodeRole-" + simtest.Cluster,
		UserData:                   aws.String("#!/bin/sh\necho " + secretOfTheTest),
		Tags:                       map[string]string{"team": "a"},
	}
	return c
}

func newAPI(t testing.TB) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, corev1.AddToScheme, karpv1.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1.EC2NodeClass{}, &karpv1.NodeClaim{}).
		WithObjects(&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-dns"}, Spec: corev1.ServiceSpec{ClusterIP: "10.100.0.10"},
		})
	for _, f := range index.Fields() {
		switch f.Object.(type) {
		case *corev1.Node, *karpv1.NodeClaim:
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	return builder.Build()
}

// client is the provider's.
func (w *world) client() client.WithWatch {
	return interceptor.NewClient(strictapi.Client(w.t, w.api), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if _, is := o.(*v1.EC2NodeClass); is && w.noLookup.Load() {
				return errDown
			}
			return c.Get(ctx, key, o, opts...)
		},
	})
}

// restart starts the provider anew, as wiring.Start does.
func (w *world) restart() {
	w.t.Helper()
	ctx := logr.NewContext(w.t.Context(), w.output.logger())
	services := clients.New(w.Config)
	settings := options.Options{
		ClusterName: simtest.Cluster, ClusterCABundle: w.Setup.Cluster.CA, EKSControlPlane: true,
		VMMemoryOverheadPercent: 1.0 / 16, // what simulated machines lack
		InterruptionQueue:       simtest.Cluster, AMIRefreshInterval: interval, SubnetRefreshInterval: interval,
		PricePerVCPU: 0.034, PricePerGiB: 0.004, PricePerAccelerator: 1,
	}
	core := coreoptions.Options{MinValuesPolicy: w.minValues}
	core.FeatureGates.ReservedCapacity = true
	known, err := cluster.Discover(ctx, cluster.Options{
		Name: settings.ClusterName, CABundle: settings.ClusterCABundle, EKSVersion: true, EKS: services.EKS, Reader: w.api, Log: w.output.logger(),
	})
	w.must(err)
	w.registry = prometheus.NewRegistry()
	counters, err := metrics.NewNodeClaims(w.registry)
	w.must(err)
	w.parts, err = wiring.New(wiring.Options{
		Settings: settings, Core: core, Region: w.Config.Region, Services: services, Cluster: known,
		Client: w.client(), Live: w.client(), Scheme: w.api.Scheme(), Events: w.events, Registerer: w.registry,
		NodeClaims: counters, Clock: w.windows, Log: w.output.logger(),
	})
	w.must(err)
	w.must(w.parts.Load(ctx))
	w.controllers = w.parts.Controllers()
	parts := w.parts
	w.t.Cleanup(func() {
		if err := errors.Join(parts.Launcher.Close(context.Background()), parts.Instances.Close(context.Background())); err != nil {
			w.t.Error(err)
		}
	})
	w.front.CloudProvider = parts.Provider
}

// controllersOf are the provider's controllers of a type.
func controllersOf[T operator.Controller](w *world) []T {
	var out []T
	for _, c := range w.controllers {
		if typed, is := c.(T); is {
			out = append(out, typed)
		}
	}
	if len(out) == 0 {
		w.t.Fatalf("the provider has no %T", *new(T))
	}
	return out
}

// front is the provider that runs now. It counts callers, and gives them a logger.
type front struct {
	cloudprovider.CloudProvider
	world *world
}

// Unwrap implements cloudprovider.Layer.
func (f *front) Unwrap() cloudprovider.CloudProvider { return f.CloudProvider }

// Create implements cloudprovider.CloudProvider.
func (f *front) Create(ctx context.Context, nodeClaim *karpv1.NodeClaim) (*karpv1.NodeClaim, error) {
	defer f.world.windows.call()()
	return f.CloudProvider.Create(logr.NewContext(ctx, f.world.output.logger()), nodeClaim)
}

// Delete implements cloudprovider.CloudProvider.
func (f *front) Delete(ctx context.Context, nodeClaim *karpv1.NodeClaim) error {
	return f.CloudProvider.Delete(logr.NewContext(ctx, f.world.output.logger()), nodeClaim)
}

// transport lets something happen between an answer and what is made of it.
type transport struct {
	world *world
	aws.HTTPClient
}

// Do implements aws.HTTPClient.
func (tr transport) Do(r *http.Request) (*http.Response, error) {
	answer, err := tr.HTTPClient.Do(r)
	if happens := tr.world.answered.Swap(nil); happens != nil {
		(*happens)()
	}
	return answer, err
}

// output is what was logged.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) logger() logr.Logger {
	return funcr.New(func(prefix, args string) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.text.WriteString(prefix + " " + args + "\n")
	}, funcr.Options{Verbosity: 10})
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
