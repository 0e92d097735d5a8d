// SPDX-License-Identifier: Apache-2.0

package price

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/metrics/families"
)

// ages is the gauge of a book's age.
type ages struct {
	book *Book
	desc *prometheus.Desc
}

// RegisterAges registers the gauge karpenter_cloudprovider_price_age_seconds of a book
// (KIT-046), once for a registry. A kind of price that nobody ever gave has no series.
func RegisterAges(registerer prometheus.Registerer, book *Book) error {
	const name = "karpenter_cloudprovider_price_age_seconds"
	r := families.New(registerer, families.Kit())
	r.Register(name, &ages{book: book, desc: r.Desc(name)})
	return r.Err()
}

// Describe implements prometheus.Collector.
func (a *ages) Describe(ch chan<- *prometheus.Desc) { ch <- a.desc }

// Collect implements prometheus.Collector.
func (a *ages) Collect(ch chan<- prometheus.Metric) {
	onDemand, spot := a.book.Updated()
	for capacityType, at := range map[string]time.Time{label.OnDemand: onDemand, label.Spot: spot} {
		if at.IsZero() {
			continue
		}
		age := a.book.opts.Clock.Since(at).Seconds()
		ch <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, age, capacityType)
	}
}
