// SPDX-License-Identifier: Apache-2.0

package price

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/engine/label"
)

// ages is the gauge of a book's age.
type ages struct {
	book *Book
	desc *prometheus.Desc
}

// Ages returns the gauge karpenter_cloudprovider_price_age_seconds of a book
// (KIT-046), to be registered once. A kind of price that nobody ever gave has no
// series.
func Ages(book *Book) prometheus.Collector {
	return &ages{book: book, desc: prometheus.NewDesc(
		"karpenter_cloudprovider_price_age_seconds",
		"Time since the cloud last gave prices, or since the embedded prices were collected.",
		[]string{"capacity_type"}, nil,
	)}
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
