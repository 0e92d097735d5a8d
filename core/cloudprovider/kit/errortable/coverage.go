// SPDX-License-Identifier: Apache-2.0

package errortable

import (
	"sync"

	"karpenter.sh/core/cloudprovider/kit/health"
)

// Coverage is a table that remembers which rows decided, for the tests of a
// provider: give it to the provider in place of the table, and fail at the end if
// [Coverage.Missed] is not empty (KIT-067).
type Coverage struct {
	table *Table

	mu  sync.Mutex
	hit map[string]bool
}

// NewCoverage returns a table of which no row has decided yet.
func NewCoverage(table *Table) *Coverage { return &Coverage{table: table, hit: map[string]bool{}} }

// Classify is that of the table.
func (c *Coverage) Classify(f Failure, attempts ...health.Offering) Verdict {
	v := c.table.Classify(f, attempts...)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hit[v.Row] = true
	return v
}

// Missed are the names of the rows that never decided, in the table's order.
func (c *Coverage) Missed() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for i := range c.table.rows {
		if name := c.table.rows[i].Name; !c.hit[name] {
			out = append(out, name)
		}
	}
	return out
}
