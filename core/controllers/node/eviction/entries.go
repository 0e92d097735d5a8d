// SPDX-License-Identifier: Apache-2.0

package eviction

import (
	"cmp"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/engine/drain"
)

// Key names one pod.
type Key struct {
	types.NamespacedName
	UID types.UID
}

func keyOf(pod *corev1.Pod) Key {
	return Key{types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, pod.UID}
}

// stage is how far an entry has come.
type stage int

const (
	queued stage = iota
	evicted
	forced // deleted for the sake of its deadline
)

// entry is one pod that leaves a node.
type entry struct {
	node     string
	deadline time.Time // zero: none
	stage    stage
	// blocked holds the pod's labels while a disruption budget forbids its
	// eviction; nil otherwise.
	blocked labels.Set
}

// entries are all pods that leave, by pod and by node. Safe for concurrent use.
type entries struct {
	mu     sync.Mutex
	byPod  map[Key]*entry
	byNode map[string]map[Key]struct{}
	// blocked holds the blocked entries by namespace.
	blocked map[string]map[Key]*entry
}

func newEntries() *entries {
	return &entries{
		byPod:   map[Key]*entry{},
		byNode:  map[string]map[Key]struct{}{},
		blocked: map[string]map[Key]*entry{},
	}
}

// submission is one pod as a drain submits it.
type submission struct {
	key        Key
	node       string
	deadline   time.Time
	mustDelete bool
}

// submit adds a pod or tightens its deadline, and reports whether it is to be
// attempted now (LIF-150).
func (e *entries) submit(s submission) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	known, ok := e.byPod[s.key]
	if !ok {
		e.put(s)
		return true
	}
	tighter := drain.Earlier(known.deadline, s.deadline)
	tightened := !tighter.Equal(known.deadline)
	known.deadline = tighter
	switch known.stage {
	case evicted:
		if !s.mustDelete {
			return false
		}
	case forced:
		if !tightened {
			return false
		}
	case queued:
		return s.mustDelete
	}
	known.stage = queued
	return true
}

func (e *entries) put(s submission) {
	e.byPod[s.key] = &entry{node: s.node, deadline: s.deadline}
	if e.byNode[s.node] == nil {
		e.byNode[s.node] = map[Key]struct{}{}
	}
	e.byNode[s.node][s.key] = struct{}{}
}

// get returns a queued entry.
func (e *entries) get(key Key) (entry, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	known, ok := e.byPod[key]
	if !ok || known.stage != queued {
		return entry{}, false
	}
	return *known, true
}

// queued returns the pods that are to be attempted.
func (e *entries) queued() []Key {
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []Key
	for key, known := range e.byPod {
		if known.stage == queued {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareKeys)
	return keys
}

// finish marks an entry as done.
func (e *entries) finish(key Key, done stage) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if known, ok := e.byPod[key]; ok {
		e.unblock(key, known)
		known.stage = done
	}
}

// block notes that a budget holds a pod with these labels back.
func (e *entries) block(key Key, podLabels labels.Set) {
	e.mu.Lock()
	defer e.mu.Unlock()
	known, ok := e.byPod[key]
	if !ok {
		return
	}
	known.blocked = podLabels
	if e.blocked[key.Namespace] == nil {
		e.blocked[key.Namespace] = map[Key]*entry{}
	}
	e.blocked[key.Namespace][key] = known
}

func (e *entries) unblock(key Key, known *entry) {
	known.blocked = nil
	delete(e.blocked[key.Namespace], key)
	if len(e.blocked[key.Namespace]) == 0 {
		delete(e.blocked, key.Namespace)
	}
}

// release unblocks up to n blocked pods of a namespace that a selector matches
// and returns them.
func (e *entries) release(namespace string, selector labels.Selector, n int) []Key {
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []Key
	for key, known := range e.blocked[namespace] {
		if selector.Matches(known.blocked) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, compareKeys)
	keys = keys[:min(n, len(keys))]
	for _, key := range keys {
		e.unblock(key, e.byPod[key])
	}
	return keys
}

// drop forgets a pod.
func (e *entries) drop(key Key) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.remove(key)
}

// dropNode forgets all pods of a node and returns them.
func (e *entries) dropNode(name string) []Key {
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []Key
	for key := range e.byNode[name] {
		keys = append(keys, key)
	}
	for _, key := range keys {
		e.remove(key)
	}
	return keys
}

func (e *entries) remove(key Key) {
	known, ok := e.byPod[key]
	if !ok {
		return
	}
	e.unblock(key, known)
	delete(e.byPod, key)
	delete(e.byNode[known.node], key)
	if len(e.byNode[known.node]) == 0 {
		delete(e.byNode, known.node)
	}
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
}
