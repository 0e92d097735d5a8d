// SPDX-License-Identifier: Apache-2.0

package statichash_test

import (
	"testing"
	"time"

	"karpenter.sh/test/internal/statichash"
)

// API-094: the vectors of the specification that such a template can have.
func TestHash(t *testing.T) {
	for expireAfter, want := range map[time.Duration]uint64{
		720 * time.Hour: 15987417032968393143,
		0:               5597975749417547178,
	} {
		template := statichash.Template{Group: "karpenter.test.sh", Kind: "TestNodeClass", Class: "default", ExpireAfter: expireAfter}
		if got := template.Hash(); got != want {
			t.Errorf("expireAfter %s: %d, want %d", expireAfter, got, want)
		}
	}
}
