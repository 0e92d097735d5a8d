// SPDX-License-Identifier: Apache-2.0

// Package providerid names machines of Proxmox VE as Nodes do:
// proxmox://<region>/<ID of the machine>. It knows where the region of an ID without one is
// told, and calls no cluster.
package providerid

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// ID is a machine of a region.
type ID struct {
	// Region may be empty: then the Node's label topology.kubernetes.io/region tells it.
	Region  string
	Machine int
}

// String is the provider ID.
func (i ID) String() string { return fmt.Sprintf("proxmox://%s/%d", i.Region, i.Machine) }

// ErrForeign means that something else issued a provider ID.
var ErrForeign = errors.New("no provider ID of this provider")

// form is that of provider IDs.
var form = regexp.MustCompile(`^proxmox://([^/]*)/([^/]+)$`)

// Parse reads a provider ID. The error is ErrForeign for those of other clouds and tools,
// which must never be acted on (PVE-003).
func Parse(text string) (ID, error) {
	m := form.FindStringSubmatch(text)
	if m == nil {
		return ID{}, fmt.Errorf("%q: %w", text, ErrForeign)
	}
	// IDs have at most nine digits; others would be another machine's in another spelling.
	n, err := strconv.Atoi(m[2])
	if err != nil || strconv.Itoa(n) != m[2] || n <= 0 {
		return ID{}, fmt.Errorf("%q: %w: %q is no ID of a machine", text, ErrForeign, m[2])
	}
	return ID{Region: m[1], Machine: n}, nil
}
