// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"karpenter.sh/core/events"
)

const eventsText = `What Karpenter publishes about objects, as events of core/v1 with the source ` + "`karpenter`" + `. What was
said about an object is not repeated for two minutes, and longer for some. Events are for people:
nothing depends on one being seen. ` + "`NodeClass`" + ` stands for the kinds of NodeClass of each provider.`

// eventsPage lists the events of the core, then those that each provider adds.
func eventsPage(all []binary) string {
	p := newPage("Events", eventsText)
	p.section("All controllers", "")
	p.events(events.Kinds())
	for _, b := range all {
		if len(b.events) > 0 {
			p.section("Provider "+b.title, "")
			p.events(b.events)
		}
	}
	return p.String()
}

func (p *page) events(all []events.Kind) {
	var rows [][]string
	for _, k := range all {
		reason := k.Named
		if k.Reason != "" {
			reason = code(k.Reason)
		}
		rows = append(rows, []string{reason, k.Type, strings.Join(k.Objects, ", "), plain(k.When)})
	}
	p.table([]string{"Reason", "Type", "Object", "When"}, rows)
}
