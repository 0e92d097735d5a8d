// SPDX-License-Identifier: Apache-2.0

package query

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// Each makes all queries at the same time and returns what they bring, in the order
// of the queries. If any fails there is no result, and the errors of all are joined:
// half a list would look like a whole one.
func Each[Q, R any](ctx context.Context, queries []Q, ask func(ctx context.Context, query Q) ([]R, error)) ([]R, error) {
	answers, errs := make([][]R, len(queries)), make([]error, len(queries))
	var all sync.WaitGroup
	for i, query := range queries {
		all.Go(func() { answers[i], errs[i] = ask(ctx, query) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return slices.Concat(answers...), nil
}

// Pager is a paginator of the SDK.
type Pager[O, P any] interface {
	HasMorePages() bool
	NextPage(ctx context.Context, opts ...func(*O)) (*P, error)
}

// Pages reads all pages. A page that fails is a failure of the list (CP-089).
func Pages[O, P, R any](ctx context.Context, pager Pager[O, P], items func(page *P) []R) ([]R, error) {
	var out []R
	for pager.HasMorePages() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, items(page)...)
	}
	return out, nil
}

// Unique keeps one item of each ID, the first, and orders them by ID. Items without
// ID are left out.
func Unique[R any](items []R, id func(R) string) []R {
	sorted := slices.DeleteFunc(slices.Clone(items), func(item R) bool { return id(item) == "" })
	slices.SortStableFunc(sorted, func(a, b R) int { return strings.Compare(id(a), id(b)) })
	return slices.CompactFunc(sorted, func(a, b R) bool { return id(a) == id(b) })
}
