// SPDX-License-Identifier: Apache-2.0

package requirement

import (
	"fmt"
	"strings"

	"karpenter.sh/core/engine/label"
)

// shownValues is how many values a message lists before "and N others"
// (SCH-062).
const shownValues = 5

// String is the text form for messages (SCH-062).
func (r Requirement) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.key, r.Operator())
	if len(r.values) > 0 {
		b.WriteString(" " + listValues(r.values))
	}
	if r.bounds.Min != NoMin {
		fmt.Fprintf(&b, " >=%d", r.bounds.Min)
	}
	if r.bounds.Max != NoMax {
		fmt.Fprintf(&b, " <=%d", r.bounds.Max)
	}
	if r.minValues > 0 {
		fmt.Fprintf(&b, " minValues %d", r.minValues)
	}
	return b.String()
}

// String is the text form of a conjunction: sorted by key, comma-joined,
// without the hostname, which is a placeholder for nodes that do not exist yet
// (SCH-062).
func (rs Requirements) String() string {
	parts := make([]string, 0, len(rs.sorted))
	for _, r := range rs.sorted {
		if r.key != label.Hostname {
			parts = append(parts, r.String())
		}
	}
	return strings.Join(parts, ", ")
}

func listValues(values []string) string {
	if len(values) <= shownValues {
		return "[" + strings.Join(values, " ") + "]"
	}
	return fmt.Sprintf("[%s and %d others]", strings.Join(values[:shownValues], " "), len(values)-shownValues)
}
