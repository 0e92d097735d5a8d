// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/operator/options"
)

// syncPatience is how long a probe waits for caches to say that they have synced.
// Those that have say so at once (OPS-068).
const syncPatience = 200 * time.Millisecond

// errWithheld is all that a probe tells about a failure (OPS-070).
var errWithheld = errors.New("reason withheld, it is in the log")

// check names a condition of health or readiness.
type check struct {
	name   string
	passes func(*http.Request) error
}

// withhold logs why a check fails and keeps it from the body of the answer.
func (c check) withhold(log logr.Logger) healthz.Checker {
	return func(request *http.Request) error {
		err := c.passes(request)
		if err == nil {
			return nil
		}
		log.Info("check failed", "check", c.name, "error", err)
		return errWithheld
	}
}

// alive passes as long as the process answers (OPS-066, OPS-067).
func alive(*http.Request) error { return nil }

// probedManager is a manager whose probes we serve: the library's own answer 500
// where what is asked for is not there yet, which is 503.
type probedManager struct {
	manager.Manager

	mu             sync.Mutex
	healthy, ready map[string]healthz.Checker

	// served is whether every cache had synced once.
	served atomic.Bool
}

var _ manager.Manager = (*probedManager)(nil)

// AddHealthzCheck implements manager.Manager.
func (m *probedManager) AddHealthzCheck(name string, c healthz.Checker) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.healthy[name] = c
	return nil
}

// AddReadyzCheck implements manager.Manager.
func (m *probedManager) AddReadyzCheck(name string, c healthz.Checker) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ready[name] = c
	return nil
}

// withProbes adds the probes of OPS-066 to OPS-069 to a manager.
func withProbes(ctx context.Context, o options.Options, mgr manager.Manager, kinds *servedKinds) (*probedManager, error) {
	m := &probedManager{Manager: mgr, healthy: map[string]healthz.Checker{}, ready: map[string]healthz.Checker{}}
	log := mgr.GetLogger().WithName("readiness")
	served := func(request *http.Request) error { return kinds.check(request.Context(), coreKinds()) }
	errs := []error{m.AddHealthzCheck("healthz", alive)}
	for _, c := range []check{{"readyz", alive}, {"manager", m.synced}, {"crd", served}} {
		errs = append(errs, m.AddReadyzCheck(c.name, c.withhold(log)))
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf(":%d", o.HealthProbePort))
	if err != nil {
		return nil, fmt.Errorf("listening for probes on port %d: %w", o.HealthProbePort, err)
	}
	patience := serverPatience
	return m, errors.Join(errors.Join(errs...), mgr.Add(&manager.Server{
		Name:            "health probe",
		Listener:        listener,
		Server:          &http.Server{Handler: m.handler(), ReadHeaderTimeout: 30 * time.Second},
		ShutdownTimeout: &patience,
	}))
}

// synced passes once every cache that was started has synced, and from then on:
// what a replica starts when it becomes the leader does not take its readiness
// away (OPS-068, OPS-070). It never waits for caches: whoever probes wants to know
// how it is.
func (m *probedManager) synced(request *http.Request) error {
	if m.served.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(request.Context(), syncPatience)
	defer cancel()
	if !m.GetCache().WaitForCacheSync(ctx) {
		return errors.New("caches have not synced")
	}
	m.served.Store(true)
	return nil
}

func (m *probedManager) handler() http.Handler {
	mux := http.NewServeMux()
	for path, checks := range map[string]map[string]healthz.Checker{"/healthz": m.healthy, "/readyz": m.ready} {
		handler := http.StripPrefix(path, m.serve(checks))
		mux.Handle(path, handler)
		mux.Handle(path+"/", handler)
	}
	return mux
}

// serve answers with the checks that there are at the time.
func (m *probedManager) serve(checks map[string]healthz.Checker) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		m.mu.Lock()
		handler := healthz.Handler{Checks: maps.Clone(checks)}
		m.mu.Unlock()
		handler.ServeHTTP(unavailable{w}, request)
	})
}

// unavailable answers 503 in place of 500.
type unavailable struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (u unavailable) WriteHeader(status int) {
	if status == http.StatusInternalServerError {
		status = http.StatusServiceUnavailable
	}
	u.ResponseWriter.WriteHeader(status)
}
