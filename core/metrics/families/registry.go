// SPDX-License-Identifier: Apache-2.0

package families

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Registry makes the collectors of families and registers them. What goes wrong is
// kept for [Registry.Err], so that a struct of collectors can be filled in one go. Ask
// for Err before a collector is used: one that failed has no labels.
type Registry struct {
	registerer prometheus.Registerer
	families   map[string]Family
	errs       []error
}

// New returns a registry of the families of some groups.
func New(registerer prometheus.Registerer, groups ...Group) *Registry {
	r := &Registry{registerer: registerer, families: map[string]Family{}}
	for _, f := range Flatten(groups) {
		r.families[f.Name] = f
	}
	return r
}

// Err says what could not be made or registered: a name that is in no table, one of
// another type, or one that is registered already. Nil if all could.
func (r *Registry) Err() error { return errors.Join(r.errs...) }

// Counter makes and registers a counter by its name.
func (r *Registry) Counter(name string) *prometheus.CounterVec {
	return registered(r, name, Counter, Family.CounterVec)
}

// Gauge makes and registers a gauge by its name.
func (r *Registry) Gauge(name string) *prometheus.GaugeVec {
	return registered(r, name, Gauge, Family.GaugeVec)
}

// Histogram makes and registers a histogram by its name.
func (r *Registry) Histogram(name string) *prometheus.HistogramVec {
	return registered(r, name, Histogram, Family.HistogramVec)
}

// Summary makes and registers a summary by its name.
func (r *Registry) Summary(name string) *prometheus.SummaryVec {
	return registered(r, name, Summary, Family.SummaryVec)
}

// Desc describes a gauge whose series a collector makes itself, which is to be given
// to Register.
func (r *Registry) Desc(name string) *prometheus.Desc { return r.of(name, Gauge).Desc() }

// Buckets describes a histogram whose series a collector makes itself, likewise, and
// returns its buckets.
func (r *Registry) Buckets(name string) (*prometheus.Desc, []float64) {
	f := r.of(name, Histogram)
	return f.Desc(), f.Buckets
}

// Register registers a collector; what says which in an error.
func (r *Registry) Register(what string, c prometheus.Collector) {
	if err := r.registerer.Register(c); err != nil {
		r.errs = append(r.errs, fmt.Errorf("registering the metric %s: %w", what, err))
	}
}

// registered is what a function makes of the family of a name.
func registered[V prometheus.Collector](r *Registry, name string, kind Type, of func(Family) V) V {
	v := of(r.of(name, kind))
	r.Register(name, v)
	return v
}

func (r *Registry) of(name string, kind Type) Family {
	f, known := r.families[name]
	switch {
	case !known:
		r.errs = append(r.errs, fmt.Errorf("metric %s is in no table", name))
	case f.Type != kind:
		r.errs = append(r.errs, fmt.Errorf("metric %s is a %s, not a %s", name, f.Type, kind))
	default:
		return f
	}
	return Family{Name: name, Help: name}
}
