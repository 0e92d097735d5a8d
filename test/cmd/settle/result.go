// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"time"

	"karpenter.sh/test/internal/meter"
)

// result is what was measured.
type result struct {
	options
	before, after, launched, evicted int
	took                             time.Duration
	settling, idling                 meter.Reading
}

// print writes one line for each figure.
func (r *result) print(out io.Writer) error {
	_, err := fmt.Fprintf(out, `%d pods of %s CPU scaled to %d
nodes before, after              %d, %d
settled after                    %.1f s
nodes launched meanwhile         %d
pods evicted                     %d
controller CPU meanwhile         %.1f s
controller memory, at most       %.0f MB
standing still, CPU              %.3f cores
standing still, API requests     %.1f a second
`,
		r.pods, r.cpu, r.to, r.before, r.after, r.took.Seconds(), r.launched, r.evicted,
		r.settling.CPU.Seconds(), float64(r.settling.PeakMemory)/1e6,
		r.idling.Cores(), float64(total(r.idling.Requests))/r.idle.Seconds())
	if err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

func total(requests map[string]int) (sum int) {
	for _, n := range requests {
		sum += n
	}
	return sum
}
