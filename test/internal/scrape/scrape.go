// SPDX-License-Identifier: Apache-2.0

package scrape

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Snapshot is all that was served at one moment.
type Snapshot struct {
	// At is when the answer arrived.
	At time.Time

	families map[string]*dto.MetricFamily
}

// Fetch reads the metrics below a root such as http://127.0.0.1:8080.
func Fetch(ctx context.Context, root string) (Snapshot, error) {
	url := strings.TrimSuffix(root, "/") + "/metrics"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read metrics: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Snapshot{}, fmt.Errorf("read metrics: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Snapshot{}, fmt.Errorf("read metrics: %s answers %s", url, response.Status)
	}
	return Parse(response.Body, time.Now())
}

// Parse reads the text format.
func Parse(text io.Reader, at time.Time) (Snapshot, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return Snapshot{}, fmt.Errorf("parse metrics: %w", err)
	}
	return Snapshot{At: at, families: families}, nil
}

// Sum adds up the series of a metric that carry all the given labels; false if
// there is none. A histogram or summary counts with its number of observations.
func (s Snapshot) Sum(name string, labels map[string]string) (float64, bool) {
	var sum float64
	var found bool
	for _, series := range s.series(name) {
		if carries(series, labels) {
			sum, found = sum+value(series), true
		}
	}
	return sum, found
}

// By adds up the series of a metric for each value of a label.
func (s Snapshot) By(name, label string) map[string]float64 {
	sums := map[string]float64{}
	for _, series := range s.series(name) {
		for _, pair := range series.GetLabel() {
			if pair.GetName() == label {
				sums[pair.GetValue()] += value(series)
			}
		}
	}
	return sums
}

// Type is the type of a metric in lower case (counter, gauge, histogram,
// summary), or empty if nothing of that name is served.
func (s Snapshot) Type(name string) string {
	family, found := s.families[name]
	if !found {
		return ""
	}
	return strings.ToLower(family.GetType().String())
}

// LabelNames lists, sorted, the names of the labels that the series of a metric
// carry.
func (s Snapshot) LabelNames(name string) []string {
	names := map[string]bool{}
	for _, series := range s.series(name) {
		for _, pair := range series.GetLabel() {
			names[pair.GetName()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Shapes lists the different sets of labels that the series of a metric carry, each
// sorted.
func (s Snapshot) Shapes(name string) [][]string {
	var shapes [][]string
	for _, series := range s.series(name) {
		var labels []string
		for _, pair := range series.GetLabel() {
			labels = append(labels, pair.GetName())
		}
		slices.Sort(labels)
		if !slices.ContainsFunc(shapes, func(other []string) bool { return slices.Equal(other, labels) }) {
			shapes = append(shapes, labels)
		}
	}
	return shapes
}

// Names lists, sorted, the metrics that begin with the prefix.
func (s Snapshot) Names(prefix string) []string {
	var names []string
	for name := range s.families {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (s Snapshot) series(name string) []*dto.Metric {
	return s.families[name].GetMetric()
}

func carries(series *dto.Metric, labels map[string]string) bool {
	matching := 0
	for _, pair := range series.GetLabel() {
		if want, asked := labels[pair.GetName()]; asked && want == pair.GetValue() {
			matching++
		}
	}
	return matching == len(labels)
}

func value(series *dto.Metric) float64 {
	switch {
	case series.Histogram != nil:
		return float64(series.Histogram.GetSampleCount())
	case series.Summary != nil:
		return float64(series.Summary.GetSampleCount())
	case series.Counter != nil:
		return series.Counter.GetValue()
	case series.Gauge != nil:
		return series.Gauge.GetValue()
	}
	return series.GetUntyped().GetValue()
}
