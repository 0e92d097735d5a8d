// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/reconcile/concurrency"
)

// Options are what prices are made from.
type Options struct {
	// List is the price list, in the region that answers for Region.
	List List
	// Spot tells spot prices.
	Spot Spot
	// Region whose prices are meant.
	Region string
	// Isolated leaves the price list alone: it cannot be reached.
	Isolated bool
	// File is the path of the user's prices; empty: there are none.
	File string
	// Overlays reads NodeOverlays, but not in Load; nil without the gate NodeOverlay.
	Overlays client.Reader
	// Rates are what to estimate by, in the region's currency.
	Rates price.Rates
	// Registerer takes the metric of the prices' age.
	Registerer prometheus.Registerer
	Clock      clock.PassiveClock
}

// Prices are those of a region. They are safe for concurrent use.
type Prices struct {
	opts Options
	book *price.Book

	refreshing sync.Mutex
	file       userFile
	// sources are all; the first of them, early many, need nothing of the cluster.
	sources []*source
	early   int
}

const (
	// cloudInterval is how often the cloud is asked (AWS-232).
	cloudInterval = 12 * time.Hour
	// overlayInterval is how often overlays are read (AWS-234).
	overlayInterval = 5 * time.Minute
	// fileInterval is how soon a change of the user's file is seen (AWS-446).
	fileInterval = 10 * time.Second
	// loadTimeout bounds the first refresh: what cannot be reached must not keep the
	// process from starting.
	loadTimeout = 30 * time.Second
)

// New returns prices that nobody has said yet: those of the estimate.
func New(o Options) (*Prices, error) {
	p := &Prices{opts: o, book: price.NewBook(price.Options{Clock: o.Clock, Rates: o.Rates})}
	if err := price.RegisterAges(o.Registerer, p.book); err != nil {
		return nil, err
	}
	add := func(name string, every time.Duration, refresh func(context.Context) error) {
		p.sources = append(p.sources, &source{name: name, every: every, refresh: refresh})
	}
	if o.File != "" {
		add("the user's prices", fileInterval, p.readFile)
	}
	if p.asksList() {
		add("on-demand prices", cloudInterval, p.refreshOnDemand)
	}
	add("spot prices", cloudInterval, p.refreshSpot)
	p.early = len(p.sources)
	if o.Overlays != nil {
		add("prices of overlays", overlayInterval, p.readOverlays)
	}
	return p, nil
}

// asksList reports whether the price list answers for the region: those of the
// government and of isolated partitions it does not know.
func (p *Prices) asksList() bool {
	for _, prefix := range []string{"us-gov-", "us-iso", "eu-isoe-", "eusc-"} {
		if strings.HasPrefix(p.opts.Region, prefix) {
			return false
		}
	}
	return !p.opts.Isolated
}

// Book is where the prices are. Its shapes are the caller's to set.
func (p *Prices) Book() *price.Book { return p.book }

// Load reads the user's file, whose mistakes are an error, and asks AWS for the first
// time, which may fail or take too long: then estimates hold until a later refresh.
func (p *Prices) Load(ctx context.Context) error {
	p.refreshing.Lock()
	defer p.refreshing.Unlock()
	if p.opts.File != "" {
		if err := p.readFile(ctx); err != nil {
			return err
		}
	}
	if !p.asksList() {
		log.FromContext(ctx).Info("on-demand prices are estimated: the price list is not asked", "region", p.opts.Region, "isolated", p.opts.Isolated)
	}
	bounded, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	if err := p.refresh(bounded, p.sources[:p.early]); err != nil {
		log.FromContext(ctx).Error(err, "prices are estimated until a refresh succeeds")
	}
	return nil
}

// Refresh reads the sources that are due, at once, and returns the errors of those that
// failed. One that failed is due again after a back-off.
func (p *Prices) Refresh(ctx context.Context) error {
	p.refreshing.Lock()
	defer p.refreshing.Unlock()
	return p.refresh(ctx, p.sources)
}

func (p *Prices) refresh(ctx context.Context, sources []*source) error {
	now := p.opts.Clock.Now()
	return errors.Join(concurrency.Each(sources, len(sources), func(_ int, s *source) error {
		return s.try(ctx, now)
	})...)
}

// Next is how long it is until a source is due; zero if one is.
func (p *Prices) Next() time.Duration {
	p.refreshing.Lock()
	defer p.refreshing.Unlock()
	next := cloudInterval
	for _, s := range p.sources {
		next = min(next, s.due.Sub(p.opts.Clock.Now()))
	}
	return max(0, next)
}
