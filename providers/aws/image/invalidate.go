// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"karpenter.sh/providers/aws/internal/query"
)

// InvalidateDeprecated describes the images of the aliases of version latest that are
// kept, and forgets those that are deprecated or gone, so that the next list asks
// their publisher anew. It is meant to be called every 30 minutes (AWS-142). It returns
// the parameters that were forgotten, in order; an error forgets nothing.
func (i *Images) InvalidateDeprecated(ctx context.Context) ([]string, error) {
	kept := i.parameters.mutableImages()
	if len(kept) == 0 {
		return nil, nil
	}
	ids := query.Distinct(slices.Collect(maps.Values(kept)))
	lookups := make([]lookup, 0, 1)
	for chunk := range slices.Chunk(ids, filterLimit) {
		lookups = append(lookups, byID(chunk))
	}
	found, err := query.Each(ctx, lookups, i.describe)
	if err != nil {
		return nil, fmt.Errorf("describing the images of SSM parameters: %w", err)
	}
	usable, now := map[string]bool{}, i.opts.Clock.Now()
	for _, image := range found {
		usable[aws.ToString(image.ImageId)] = !Deprecated(image, now)
	}
	var forgotten []string
	for key, id := range kept {
		if !usable[id] {
			i.parameters.forget(key, id)
			forgotten = append(forgotten, key.name)
		}
	}
	if forgotten != nil {
		i.lists.InvalidateAll() // they may be kept for longer
	}
	slices.Sort(forgotten)
	return forgotten, nil
}
