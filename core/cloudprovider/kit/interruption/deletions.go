// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
)

// Deletions remembers the NodeClaims whose deletion was asked for until they are gone
// (KIT-155). The zero value is ready for use by any number of controllers.
type Deletions struct {
	mu   sync.Mutex
	uids map[types.UID]bool
}

func (d *Deletions) has(uid types.UID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.uids[uid]
}

// begin reports whether a deletion is still to be asked for, and notes that it is.
func (d *Deletions) begin(uid types.UID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.uids[uid] {
		return false
	}
	if d.uids == nil {
		d.uids = map[types.UID]bool{}
	}
	d.uids[uid] = true
	return true
}

func (d *Deletions) undo(uid types.UID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.uids, uid)
}

// keep forgets all but what is listed.
func (d *Deletions) keep(listed []v1.NodeClaim) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.uids) == 0 {
		return
	}
	kept := map[types.UID]bool{}
	for i := range listed {
		if uid := listed[i].UID; d.uids[uid] {
			kept[uid] = true
		}
	}
	d.uids = kept
}
