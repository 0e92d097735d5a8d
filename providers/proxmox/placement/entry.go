// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Entry is a host of a region with the ID of the template that it clones.
type Entry struct {
	Region, Host string
	Template     int
}

// String is the entry as statuses have it (PVE-017).
func (e Entry) String() string { return fmt.Sprintf("%s/%s/%d", e.Region, e.Host, e.Template) }

// ParseEntry reads an entry of a status.
func ParseEntry(text string) (Entry, error) {
	parts := strings.Split(text, "/")
	if len(parts) == 3 {
		if id, err := strconv.Atoi(parts[2]); err == nil && id > 0 && parts[0] != "" && parts[1] != "" {
			return Entry{parts[0], parts[1], id}, nil
		}
	}
	return Entry{}, fmt.Errorf("%q is not of the form <region>/<zone>/<template>", text)
}

// Entries reads those of a status. What is not understood is left out: a status is written
// anew.
func Entries(texts []string) []Entry {
	var out []Entry
	for _, text := range texts {
		if e, err := ParseEntry(text); err == nil {
			out = append(out, e)
		}
	}
	return out
}

// Texts are entries as statuses have them, in order.
func Texts(entries []Entry) []string {
	out := make([]string, len(entries))
	for i, e := range sorted(entries) {
		out[i] = e.String()
	}
	return out
}

func sorted(entries []Entry) []Entry {
	return slices.SortedFunc(slices.Values(entries), func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Template, b.Template))
	})
}
