// SPDX-License-Identifier: Apache-2.0

package requirement

// MinValuesPolicy says what becomes of minValues that cannot be met (SCH-195). The
// zero value is strict.
type MinValuesPolicy string

// The policies, by the names that users give.
const (
	// StrictMinValues treats a shortfall as if no instance type were left.
	StrictMinValues MinValuesPolicy = "Strict"
	// BestEffortMinValues lowers minValues to what there is.
	BestEffortMinValues MinValuesPolicy = "BestEffort"
)

// Strict reports whether a shortfall is an obstacle.
func (p MinValuesPolicy) Strict() bool { return p != BestEffortMinValues }
