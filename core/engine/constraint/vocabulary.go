// SPDX-License-Identifier: Apache-2.0

package constraint

import (
	"strconv"
	"sync"
)

// Key is an interned label key.
type Key int32

// Value is an interned value of one key; values of different keys share
// numbers.
type Value int32

// Vocabulary interns label keys and values. It only grows. Safe for concurrent
// use.
type Vocabulary struct {
	mu    sync.RWMutex
	ids   map[string]Key
	names []string
	keys  []*keyValues
	size  int
}

type keyValues struct {
	ids      map[string]Value
	names    []string
	integers []integer
}

// integer is a value read as a base-10 integer, for bounds.
type integer struct {
	n  int64
	ok bool
}

// NewVocabulary returns an empty vocabulary.
func NewVocabulary() *Vocabulary { return &Vocabulary{ids: map[string]Key{}} }

// Size is the number of keys and values interned so far.
func (v *Vocabulary) Size() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.size
}

// Key interns a label key.
func (v *Vocabulary) Key(name string) Key {
	if k, ok := v.FindKey(name); ok {
		return k
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if k, ok := v.ids[name]; ok {
		return k
	}
	k := Key(len(v.names))
	v.ids[name], v.names = k, append(v.names, name)
	v.keys = append(v.keys, &keyValues{ids: map[string]Value{}})
	v.size++
	return k
}

// FindKey returns the key if it has been interned.
func (v *Vocabulary) FindKey(name string) (Key, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	k, ok := v.ids[name]
	return k, ok
}

// KeyName is the label key behind k.
func (v *Vocabulary) KeyName(k Key) string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.names[k]
}

// Value interns a value of a key.
func (v *Vocabulary) Value(k Key, name string) Value {
	if id, ok := v.FindValue(k, name); ok {
		return id
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	kv := v.keys[k]
	if id, ok := kv.ids[name]; ok {
		return id
	}
	id := Value(len(kv.names))
	n, err := strconv.ParseInt(name, 10, 64)
	kv.ids[name], kv.names = id, append(kv.names, name)
	kv.integers = append(kv.integers, integer{n, err == nil})
	v.size++
	return id
}

// FindValue returns the value if it has been interned.
func (v *Vocabulary) FindValue(k Key, name string) (Value, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	id, ok := v.keys[k].ids[name]
	return id, ok
}

// ValueName is the label value behind id.
func (v *Vocabulary) ValueName(k Key, id Value) string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.keys[k].names[id]
}

func (v *Vocabulary) integer(k Key, id Value) integer {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.keys[k].integers[id]
}
