// SPDX-License-Identifier: Apache-2.0

package families

import "github.com/prometheus/client_golang/prometheus"

// Durations is the set DUR of OPS-087, in seconds: from milliseconds to ten minutes.
func Durations() []float64 {
	return []float64{
		0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
		1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
		120, 150, 300, 450, 600,
	}
}

// Calls is the set DEF of OPS-087, in seconds: from milliseconds to ten seconds.
func Calls() []float64 { return []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10} }

// transitions is the set COND of OPS-087, in seconds: from half a second to more than
// two hours.
func transitions() []float64 { return prometheus.ExponentialBuckets(0.5, 2, 15) }

// quantiles are those of all summaries, SUM of OPS-087.
func quantiles() []float64 { return []float64{0, 0.5, 0.9, 0.99, 1} }

// lifetimes are ages of nodes in seconds, from a quarter of an hour to thirty days
// (OPS-111).
func lifetimes() []float64 {
	return []float64{
		900, 1800, 2700, 3600, 7200, 14400, 21600, 28800, 36000, 43200, 57600, 72000, 86400,
		172800, 259200, 432000, 864000, 1296000, 1728000, 2160000, 2592000,
	}
}
