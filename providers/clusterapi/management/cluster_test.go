// SPDX-License-Identifier: Apache-2.0

package management_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/management"
	"karpenter.sh/providers/clusterapi/options"
)

var errNoRoute = errors.New("no route to host")

// line is a connection that can be cut.
type line struct {
	config *rest.Config
	cut    atomic.Bool
	// asked counts the questions which versions are served.
	asked atomic.Int32
}

func newLine(config *rest.Config) *line {
	l := &line{config: rest.CopyConfig(config)}
	l.config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/apis/cluster.x-k8s.io" {
				l.asked.Add(1)
			}
			if l.cut.Load() {
				return nil, errNoRoute
			}
			return next.RoundTrip(r)
		})
	})
	return l
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// opened is a cluster of one namespace that runs.
type opened struct {
	*management.Cluster
	t     *testing.T
	clock *clocktesting.FakeClock
	ended chan error
	// silent says that it was logged that the cluster does not answer.
	silent atomic.Bool
}

func open(t *testing.T, config *rest.Config) *opened {
	t.Helper()
	return openWith(t, management.Options{Config: config})
}

func openWith(t *testing.T, options management.Options) *opened {
	t.Helper()
	o := &opened{t: t, clock: clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), ended: make(chan error, 1)}
	var err error
	options.Namespace, options.Clock, options.Log = "ns", o.clock, funcr.New(o.log, funcr.Options{})
	o.Cluster, err = management.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *opened) log(_, args string) {
	switch {
	case strings.Contains(args, "does not answer"):
		o.silent.Store(true)
	case strings.Contains(args, "answers again"):
		o.silent.Store(false)
	}
}

// asksAgain lets the cluster be asked twice: what follows from the first answer is done then.
func (o *opened) asksAgain(l *line) {
	o.t.Helper()
	for range 2 {
		before := l.asked.Load()
		o.clock.Step(10 * time.Second)
		o.until("it is asked again", func() bool { return l.asked.Load() > before })
	}
}

func (o *opened) start() {
	ctx, cancel := context.WithCancel(o.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.ended <- o.Start(ctx)
	}()
	o.t.Cleanup(func() { cancel(); <-done })
}

// eventually lets time pass, ten seconds at a time, until a condition holds.
func (o *opened) eventually(what string, holds func() bool) {
	o.t.Helper()
	o.until(what, func() bool {
		if holds() {
			return true
		}
		o.clock.Step(10 * time.Second)
		return false
	})
}

// until waits, while no time passes.
func (o *opened) until(what string, holds func() bool) {
	o.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			o.t.Fatalf("still waiting for: %s", what)
		}
	}
}

func (o *opened) names(r client.Reader, opts ...client.ListOption) []string {
	o.t.Helper()
	var list capi.MachineList
	if err := r.List(o.t.Context(), &list, opts...); err != nil {
		o.t.Fatal(err)
	}
	var out []string
	for _, m := range list.Items {
		out = append(out, m.Name)
	}
	return out
}

func rung(bell <-chan struct{}) bool {
	select {
	case <-bell:
		return true
	default:
		return false
	}
}

// CAPI-009, CAPI-010: a cluster that does not answer at the start, answers, and does not
// any more.
func TestOutages(t *testing.T) {
	server := testserver.Start(t, simcapi.Definitions("v1beta2")...)
	api := testserver.Client(t, server.Config, corev1.AddToScheme, capi.AddToScheme("v1beta2"))
	for _, namespace := range []string{"ns", "other"} {
		m := &capi.Machine{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "of-" + namespace}, Spec: capi.MachineSpec{ProviderID: "id://" + namespace}}
		create(t, api, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, m)
	}
	line := newLine(server.Config)
	line.cut.Store(true)
	o := open(t, line.config)
	if err := o.Cache().List(t.Context(), &capi.MachineList{}); !errors.Is(err, management.ErrUnavailable) {
		t.Errorf("before the start: %v", err)
	}
	o.start()
	if !errors.Is(o.Ready(nil), errNoRoute) || !errors.Is(o.Reachable(t.Context()), management.ErrUnavailable) {
		t.Errorf("not answering: ready %v, reachable %v", o.Ready(nil), o.Reachable(t.Context()))
	}

	changed := o.DeploymentChanges()
	line.cut.Store(false)
	o.eventually("it answers", func() bool { return o.Ready(nil) == nil && o.Reachable(t.Context()) == nil })
	o.eventually("that is told", func() bool { return rung(changed) })
	o.asksAgain(line) // both that it answers and that all was read are told
	t.Run("one namespace", o.oneNamespace)
	t.Run("changes", func(t *testing.T) { o.changes(t, api) })

	o.asksAgain(line) // so that it answered ten seconds ago
	line.cut.Store(true)
	changed = o.DeploymentChanges()
	o.clock.Step(10 * time.Second)
	o.until("no answer is noted", o.silent.Load)
	if err := o.Reachable(t.Context()); err != nil {
		t.Errorf("a moment without answer: %v", err)
	}
	o.eventually("it is known not to answer", func() bool { return errors.Is(o.Reachable(t.Context()), errNoRoute) })
	o.eventually("that is told", func() bool { return rung(changed) })
	if err := o.Ready(nil); err != nil || len(o.names(o.Cache())) != 1 {
		t.Errorf("the cache is not served: %v", err)
	}
	if err := o.Live().List(t.Context(), &capi.MachineList{}); !errors.Is(err, errNoRoute) {
		t.Errorf("past the cache: %v", err)
	}
	line.cut.Store(false)
	o.eventually("it answers again", func() bool { return o.Reachable(t.Context()) == nil })
}

// CAPI-060: a start is no outage, unless the objects cannot be read for long.
func TestFilling(t *testing.T) {
	url, authority := server(t, "v1beta2")
	c, err := management.Connect(options.Options{URL: url, Token: "secret", CertificateAuthority: authority}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := open(t, c.Config)
	for after, want := range []error{management.ErrFilling, management.ErrUnavailable} {
		listed := o.Cache().List(t.Context(), &capi.MachineList{})
		for _, err := range []error{listed, o.Ready(nil), o.Reachable(t.Context())} {
			if !errors.Is(err, want) {
				t.Errorf("after %d times half a minute: %v, want %v", after, err, want)
			}
		}
		o.clock.Step(30 * time.Second)
	}
}

func create(t *testing.T, api client.Client, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		if err := api.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
}

// What is in other namespaces is not there, whether cached or not; and Machines are found by
// their provider IDs.
func (o *opened) oneNamespace(t *testing.T) {
	for reason, r := range map[string]client.Reader{"cache": o.Cache(), "live": o.Live()} {
		if got := o.names(r); len(got) != 1 || got[0] != "of-ns" {
			t.Errorf("%s: there are %v", reason, got)
		}
		if err := r.Get(t.Context(), client.ObjectKey{Namespace: "other", Name: "of-other"}, &capi.Machine{}); !apierrors.IsNotFound(err) {
			t.Errorf("%s: another namespace: %v", reason, err)
		}
		if err := r.Get(t.Context(), client.ObjectKey{Namespace: "ns", Name: "of-ns"}, &capi.Machine{}); err != nil {
			t.Errorf("%s: %v", reason, err)
		}
	}
	for id, want := range map[string]int{"id://ns": 1, "id://other": 0} {
		if got := o.names(o.Cache(), client.MatchingFields{capi.IndexProviderID: id}); len(got) != want {
			t.Errorf("with ID %s there are %v", id, got)
		}
	}
}

// CAPI-039, CAPI-060: Machines ring whatever happens; deployments do unless only their
// status changes.
func (o *opened) changes(t *testing.T, api client.Client) {
	machines, deployments := o.MachineChanges(), o.DeploymentChanges()
	d := &capi.MachineDeployment{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "md"}}
	create(t, api, d)
	o.eventually("a deployment is new", func() bool { return rung(deployments) })
	if rung(machines) {
		t.Error("a deployment is told as a Machine")
	}
	deployments = o.DeploymentChanges()
	d.Status.ObservedGeneration = 7
	if err := api.Status().Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	create(t, api, &capi.Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "new"}})
	o.eventually("a Machine is new", func() bool { return rung(machines) })
	if rung(deployments) {
		t.Error("a status is told")
	}
	d.Spec.Replicas = new(int32(1))
	if err := api.Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	o.eventually("replicas are told", func() bool { return rung(deployments) })
	if err := api.Delete(t.Context(), &capi.Machine{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "new"}}); err != nil {
		t.Fatal(err)
	}
	o.eventually("the Machine is gone", func() bool { return len(o.names(o.Cache())) == 1 })
}

// CAPI-121: a cluster that serves another version than was guessed ends the process.
func TestAnotherVersion(t *testing.T) {
	url, authority := server(t, "v1beta1")
	c, err := management.Connect(options.Options{URL: url, Token: "secret", CertificateAuthority: authority}, nil)
	if err != nil {
		t.Fatal(err)
	}
	line := newLine(c.Config)
	line.cut.Store(true)
	o := open(t, line.config)
	if o.Version() != "v1beta2" {
		t.Errorf("guessed %s", o.Version())
	}
	line.cut.Store(false)
	o.start()
	if err := <-o.ended; !errors.Is(err, management.ErrVersion) {
		t.Errorf("ended with %v", err)
	}
	if again := open(t, line.config); again.Version() != "v1beta1" {
		t.Errorf("then it speaks %s", again.Version())
	}
}

// CAPI-009: credentials that were renewed end the process, which would get no answer with
// the old ones for ever; a file that cannot be read right now does not.
func TestRenewedKubeconfig(t *testing.T) {
	url, authority := server(t, "v1beta2")
	file := filepath.Join(t.TempDir(), "kubeconfig")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A path is relative to the file, not to the working directory.
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "ca.crt"), []byte(authority), 0o600); err != nil {
		t.Fatal(err)
	}
	relative := func(token string) string {
		data := fmt.Sprintf(`"certificate-authority-data":%q`, base64.StdEncoding.EncodeToString([]byte(authority)))
		return strings.Replace(kubeconfig(url, authority, token), data, `"certificate-authority":"ca.crt"`, 1)
	}
	write(relative("secret"))
	c, err := management.Connect(options.Options{Kubeconfig: file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for reason, text := range map[string]string{"the same": relative("secret"), "half of it": `{"clusters":`, "nothing": ""} {
		if write(text); c.Outdated() {
			t.Errorf("%s is taken for another one", reason)
		}
	}
	o := openWith(t, management.Options{Config: c.Config, Outdated: c.Outdated})
	o.start()
	write(relative("renewed"))
	o.eventually("it ends", func() bool { return len(o.ended) > 0 })
	if err := <-o.ended; !errors.Is(err, management.ErrOutdated) {
		t.Errorf("ended with %v", err)
	}
}
