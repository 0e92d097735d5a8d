// SPDX-License-Identifier: Apache-2.0

package reason

import (
	"fmt"
	"strings"

	"karpenter.sh/core/engine/requirement"
)

// shownDomains is how many domains a message lists (SCH-224).
const shownDomains = 10

// String is the rule with its counts and the domains that pod and node allow.
func (r Rule) String() string {
	if r.Alone {
		return strings.TrimSpace("no pod matches its required affinity " + r.Selector)
	}
	counts := make([]string, 0, min(len(r.Counts), shownDomains))
	for _, c := range r.Counts[:min(len(r.Counts), shownDomains)] {
		counts = append(counts, fmt.Sprintf("%s: %d", c.Domain, c.Pods))
	}
	text := strings.Join(counts, ", ")
	if more := len(r.Counts) - shownDomains; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	text = fmt.Sprintf("%s on key %q (counts = {%s}, pod domains = %s, node domains = %s",
		r.Kind, r.Key, text, domains(r.Pod), domains(r.Node))
	if r.Volumes.Key() != "" {
		text += ", volume domains = " + domains(r.Volumes)
	}
	return text + ")"
}

func domains(r requirement.Requirement) string {
	if r.Key() == "" {
		return "any"
	}
	return set(r)
}

// String says what is wrong with one label (SCH-222, SCH-223).
func (l Label) String() string {
	if !l.Undefined {
		return fmt.Sprintf("key %s, %s not in %s", l.Wanted.Key(), set(l.Wanted), set(l.Offered))
	}
	out := fmt.Sprintf("label %q does not have known values", l.Wanted.Key())
	if l.Meant != "" {
		return out + fmt.Sprintf(" (typo of %q?)", l.Meant)
	}
	return out + "; set it in spec.template.metadata.labels"
}

// set is a requirement's text without its key.
func set(r requirement.Requirement) string {
	return strings.TrimPrefix(r.String(), r.Key()+" ")
}
