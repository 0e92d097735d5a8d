// SPDX-License-Identifier: Apache-2.0

package concurrency

import "golang.org/x/sync/errgroup"

// Each calls a function for all items, so many at a time, and returns what it
// returned, in the order of the items. One that fails stops no other.
func Each[T any](items []T, atATime int, do func(i int, item T) error) []error {
	errs := make([]error, len(items))
	var group errgroup.Group
	group.SetLimit(atATime)
	for i, item := range items {
		group.Go(func() error {
			errs[i] = do(i, item)
			return nil
		})
	}
	_ = group.Wait() // the errors are in the list
	return errs
}
