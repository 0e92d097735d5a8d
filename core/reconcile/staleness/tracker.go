// SPDX-License-Identifier: Apache-2.0

package staleness

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Tracker remembers the last write of each object of one kind. The zero Tracker
// is ready for use by any number of goroutines.
type Tracker struct {
	mu     sync.Mutex
	writes map[types.NamespacedName]write
}

type write struct {
	uid     types.UID
	version string
	deleted bool
	// released is whether the object of that very version is behind the write too.
	released bool
}

// Wrote remembers the version that a write answered with.
func (t *Tracker) Wrote(obj client.Object) {
	t.put(obj, write{uid: obj.GetUID(), version: obj.GetResourceVersion()})
}

// Deleted remembers that the deletion of the object was accepted.
func (t *Tracker) Deleted(obj client.Object) {
	t.put(obj, write{uid: obj.GetUID(), version: obj.GetResourceVersion(), deleted: true})
}

// Released remembers that the controller's finalizer was taken off a deleting
// object. The API server answers with the version before if that was the last one
// and the object went with it, so a read of that version is stale too.
func (t *Tracker) Released(obj client.Object) {
	t.put(obj, write{uid: obj.GetUID(), version: obj.GetResourceVersion(), released: true})
}

func (t *Tracker) put(obj client.Object, w write) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writes == nil {
		t.writes = map[types.NamespacedName]write{}
	}
	t.writes[client.ObjectKeyFromObject(obj)] = w
}

// Stale reports whether an object as it was read is older than what the
// controller knows of it.
func (t *Tracker) Stale(read client.Object) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := client.ObjectKeyFromObject(read)
	w, ok := t.writes[key]
	if !ok {
		return false
	}
	if w.behind(read) {
		return true
	}
	delete(t.writes, key)
	return false
}

// behind reports whether the read does not show the write yet. Versions that
// cannot be compared show it.
func (w write) behind(read client.Object) bool {
	if read.GetUID() != w.uid {
		return false
	}
	if w.deleted && read.GetDeletionTimestamp().IsZero() {
		return true
	}
	order, err := resourceversion.CompareResourceVersion(read.GetResourceVersion(), w.version)
	return err == nil && (order < 0 || order == 0 && w.released)
}

// Forget drops what is remembered of an object that is gone.
func (t *Tracker) Forget(key types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.writes, key)
}
