// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/operator/options"
)

// serverPatience bounds how long a shutdown waits for requests under way.
const serverPatience = 5 * time.Second

// newMetricsServer listens at once, so that a port that is taken stops the
// start. It serves leader and standby replicas alike (OPS-065).
func newMetricsServer(ctx context.Context, o options.Options, gatherer prometheus.Gatherer) (*manager.Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf(":%d", o.MetricsPort))
	if err != nil {
		return nil, fmt.Errorf("listening for metrics on port %d: %w", o.MetricsPort, err)
	}
	patience := serverPatience
	return &manager.Server{
		Name:            "metrics",
		Listener:        listener,
		Server:          &http.Server{Handler: metricsHandler(o, gatherer), ReadHeaderTimeout: 30 * time.Second},
		ShutdownTimeout: &patience,
	}, nil
}

func metricsHandler(o options.Options, gatherer prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{
		ErrorHandling:     promhttp.HTTPErrorOnError,
		EnableOpenMetrics: true,
	}))
	if o.EnableProfiling { // OPS-071
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux
}

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

// addEndpoints installs metrics and probes.
func addEndpoints(ctx context.Context, env environment, mgr manager.Manager, kinds *servedKinds) error {
	server, err := newMetricsServer(ctx, env.options, env.metrics)
	if err != nil {
		return err
	}
	return errors.Join(mgr.Add(server), addChecks(mgr, kinds))
}

// addChecks installs the probes of OPS-066 to OPS-069.
func addChecks(mgr manager.Manager, kinds *servedKinds) error {
	synced := func(request *http.Request) error {
		if !mgr.GetCache().WaitForCacheSync(request.Context()) {
			return errors.New("caches have not synced")
		}
		return nil
	}
	served := func(request *http.Request) error { return kinds.check(request.Context(), coreKinds()) }
	log := mgr.GetLogger().WithName("readiness")
	errs := []error{mgr.AddHealthzCheck("healthz", alive)}
	for _, c := range []check{{"readyz", alive}, {"manager", synced}, {"crd", served}} {
		errs = append(errs, mgr.AddReadyzCheck(c.name, c.withhold(log)))
	}
	return errors.Join(errs...)
}
