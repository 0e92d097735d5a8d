// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"karpenter.sh/core/apis/crds"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/cost"
	"karpenter.sh/core/controllers/state"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/testkit/testserver"
)

// server is the configuration of an API server, nil without binaries.
var server *rest.Config

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	code, err := runWithServer(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func runWithServer(m *testing.M) (code int, err error) {
	if os.Getenv(testserver.Assets) == "" {
		return m.Run(), nil
	}
	definitions, err := crds.Core()
	if err != nil {
		return 0, err
	}
	environment := &envtest.Environment{CRDs: definitions}
	if server, err = environment.Start(); err != nil {
		return 0, fmt.Errorf("starting the API server: %w", err)
	}
	defer func() { err = environment.Stop() }()
	return m.Run(), nil
}

var nodeClass = schema.GroupKind{Group: "karpenter.example.com", Kind: "ExampleNodeClass"}

// bench is the controllers under test on a real API server.
type bench struct {
	*WithT
	client.Client
	ctx      context.Context
	model    *cluster.Cluster
	ledger   *cost.Ledger
	clock    *clocktesting.FakeClock
	registry *prometheus.Registry
	requests *requests
	market   *market
}

// market is what the provider sells.
type market struct {
	mu    sync.Mutex
	types []*cloudprovider.InstanceType
	err   error
}

func (m *market) set(err error, types ...*cloudprovider.InstanceType) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.types, m.err = types, err
}

func (m *market) instanceTypes(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.types, m.err
}

// requests records what a client asks of the API server, watches left out.
type requests struct {
	http.RoundTripper
	mu   sync.Mutex
	made []string
}

func (r *requests) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.URL.Query().Get("watch") == "" {
		r.mu.Lock()
		r.made = append(r.made, q.Method+" "+q.URL.String())
		r.mu.Unlock()
	}
	return r.RoundTripper.RoundTrip(q)
}

func (r *requests) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	made := r.made
	r.made = nil
	return made
}

// run starts the controllers, after prepare has made what is there before them.
func run(t *testing.T, prepare ...func(*bench)) *bench {
	t.Helper()
	testserver.Need(t)
	b := &bench{
		WithT: NewWithT(t), ctx: t.Context(), ledger: cost.NewLedger(),
		clock: clocktesting.NewFakeClock(time.Now()), registry: prometheus.NewRegistry(),
		requests: &requests{}, market: &market{},
	}
	b.SetDefaultEventuallyTimeout(20 * time.Second)
	b.SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	scheme := runtime.NewScheme()
	b.Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	b.Expect(v1.AddToScheme(scheme)).To(Succeed())
	direct, err := client.New(server, client.Options{Scheme: scheme})
	b.Expect(err).NotTo(HaveOccurred())
	b.Client = direct
	t.Cleanup(func() { b.sweep() })
	for _, f := range prepare {
		f(b)
	}
	b.start(t, scheme)
	return b
}

func (b *bench) start(t *testing.T, scheme *runtime.Scheme) {
	skip := true
	observed := rest.CopyConfig(server)
	observed.Wrap(func(next http.RoundTripper) http.RoundTripper {
		b.requests.RoundTripper = next
		return b.requests
	})
	m, err := manager.New(observed, manager.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: &skip},
	})
	b.Expect(err).NotTo(HaveOccurred())
	managed := cloudprovider.NodeClassKinds{nodeClass}
	b.model, err = cluster.New(cluster.Options{
		Clock: b.clock, Compiler: intake.New(intake.Options{Vocabulary: vocabulary.Core()}),
		Inventory:  state.Inventory{Reader: m.GetCache(), NodeClasses: managed},
		Registerer: b.registry, Log: logr.Discard(),
	})
	b.Expect(err).NotTo(HaveOccurred())
	controllers, err := state.All(state.Options{
		Cluster: b.model, Ledger: b.ledger, Reader: m.GetCache(), Live: m.GetAPIReader(),
		NodeClasses: managed, InstanceTypes: b.market.instanceTypes, Clock: b.clock,
		Registerer: b.registry, CPUMillis: 1000,
	})
	b.Expect(err).NotTo(HaveOccurred())
	for _, c := range controllers {
		b.Expect(c.Register(b.ctx, m)).To(Succeed())
	}
	ctx, cancel := context.WithCancel(b.ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- m.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("running the controllers: %v", err)
		}
	})
}

// eventuallyLoaded waits until the model has everything.
func (b *bench) eventuallyLoaded() {
	b.Eventually(func() bool { return b.model.Loaded(b.ctx) }).Should(BeTrue())
}
