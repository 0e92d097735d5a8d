// SPDX-License-Identifier: Apache-2.0

package inventory

import "context"

// turn lets one at a time, as a lock that nobody waits for longer than their context.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn. The error is that of the context.
func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) leave() { <-t }
