// SPDX-License-Identifier: Apache-2.0

package query

import (
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Selection is a selector term. ID wins over Name, Name over Tags (AWS-013).
type Selection struct {
	ID, Name string
	Tags     map[string]string
}

// Names are the filters of a kind of resource.
type Names struct {
	// ID and Name are those of identifiers and names; Name is empty where a kind has
	// none that can be selected by.
	ID, Name string
}

// Selections are the fewest queries that the terms need, each a list of filters: one
// for all IDs, one for all names, and one for each term of tags (AWS-130). What is
// asked for twice is asked once.
func Selections(terms []Selection, names Names) [][]types.Filter {
	var ids, named []string
	var tagged [][]types.Filter
	for _, term := range terms {
		switch {
		case term.ID != "":
			ids = append(ids, term.ID)
		case term.Name != "" && names.Name != "":
			named = append(named, term.Name)
		case len(term.Tags) > 0:
			filters := Tags(term.Tags)
			if !slices.ContainsFunc(tagged, func(other []types.Filter) bool { return reflect.DeepEqual(other, filters) }) {
				tagged = append(tagged, filters)
			}
		}
	}
	var out [][]types.Filter
	if len(ids) > 0 {
		out = append(out, []types.Filter{Filter(names.ID, Distinct(ids)...)})
	}
	if len(named) > 0 {
		out = append(out, []types.Filter{Filter(names.Name, Distinct(named)...)})
	}
	return append(out, tagged...)
}

// Distinct are the texts in order, each once. The argument stays as it is.
func Distinct(texts []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(texts)))
}
