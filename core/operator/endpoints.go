// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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

// addEndpoints installs metrics and probes.
func addEndpoints(ctx context.Context, env environment, mgr manager.Manager, kinds *servedKinds) (*probedManager, error) {
	server, err := newMetricsServer(ctx, env.options, env.metrics)
	if err != nil {
		return nil, err
	}
	if err := mgr.Add(server); err != nil {
		return nil, fmt.Errorf("adding the server of metrics: %w", err)
	}
	return withProbes(ctx, env.options, mgr, kinds)
}
