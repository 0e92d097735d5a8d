// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Dropped tells which keys of users' data are left out, once for each change (AWS-165).
// It is safe for concurrent use; a nil one tells nobody.
type Dropped struct {
	tell func(nodeClass string, keys []string)

	mu   sync.Mutex
	told map[types.UID][]string
}

// NewDropped returns one that has told nothing yet.
func NewDropped(tell func(nodeClass string, keys []string)) *Dropped {
	return &Dropped{tell: tell, told: map[types.UID][]string{}}
}

// Forget drops what is remembered of a NodeClass that is gone.
func (d *Dropped) Forget(uid types.UID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.told, uid)
}

// note takes the keys that are left out now.
func (d *Dropped) note(nodeClass *v1.EC2NodeClass, keys []string) {
	if d == nil || !d.changed(nodeClass.UID, keys) || len(keys) == 0 {
		return
	}
	d.tell(nodeClass.Name, keys)
}

func (d *Dropped) changed(uid types.UID, keys []string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Equal(d.told[uid], keys) {
		return false
	}
	if d.told[uid] = keys; len(keys) == 0 {
		delete(d.told, uid)
	}
	return true
}
