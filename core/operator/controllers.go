// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"slices"
)

// controllers lists everything that runs on the leader, in the order of the life
// of a node.
func (s *shared) controllers() ([]Controller, error) {
	return slices.Concat(
		s.statusControllers(),
		s.extra,
	), nil
}
