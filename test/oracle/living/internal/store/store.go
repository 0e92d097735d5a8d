// SPDX-License-Identifier: Apache-2.0

// Package store is an API server in memory, as far as controllers can tell:
// versions, finalizers, generated names, status apart from the rest, admission,
// evictions; and caches that follow it, late if they are told to be.
//
// Stored objects are never changed, only replaced: whoever reads one may keep it,
// and nobody may write to it. Names and UIDs depend on what is created only, not
// on which goroutine came first.
//
// Start reading at [Store]; [Client] is what controllers get.
package store

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Event says that an object came (Old is nil), changed, or went (New is nil).
type Event struct {
	Key      types.NamespacedName
	Old, New client.Object
}

// Object is the object as it is, or as it was when it went.
func (e Event) Object() client.Object {
	if e.New != nil {
		return e.New
	}
	return e.Old
}

// Store holds the objects. Safe for concurrent use.
type Store struct {
	scheme *runtime.Scheme
	clock  clock.PassiveClock
	admit  func(client.Object) error // nil admits all as they are

	mu      sync.Mutex
	kinds   map[reflect.Type]*kind
	version int
	names   map[string]int // how often a name or UID was asked for
	events  []Event
	writes  int
}

// kind is the objects of one type.
type kind struct {
	name    string
	objects map[types.NamespacedName]client.Object
}

// New returns an empty store.
func New(scheme *runtime.Scheme, clk clock.PassiveClock) *Store {
	return &Store{scheme: scheme, clock: clk, kinds: map[reflect.Type]*kind{}, names: map[string]int{}}
}

// Admit sets what sees every object before it is created, and may change or
// refuse it.
func (s *Store) Admit(admit func(client.Object) error) { s.admit = admit }

func (s *Store) of(o client.Object) *kind { return s.ofType(reflect.TypeOf(o)) }

func (s *Store) ofType(t reflect.Type) *kind {
	k := s.kinds[t]
	if k == nil {
		k = &kind{name: t.Elem().Name(), objects: map[types.NamespacedName]client.Object{}}
		s.kinds[t] = k
	}
	return k
}

// Writes is how many writes there were.
func (s *Store) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// Drain returns what happened since the last call, one kind after the other and
// by name, so that writes from several goroutines do not leave their order
// behind. The events of one object stay in order.
func (s *Store) Drain() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.events
	s.events = nil
	slices.SortStableFunc(out, func(a, b Event) int {
		return cmp.Or(
			strings.Compare(reflect.TypeOf(a.Object()).String(), reflect.TypeOf(b.Object()).String()),
			strings.Compare(a.Key.Namespace, b.Key.Namespace), strings.Compare(a.Key.Name, b.Key.Name),
		)
	})
	return out
}

// Create stores a copy of an object.
func (s *Store) Create(o client.Object) error {
	stored := o.DeepCopyObject().(client.Object)
	if s.admit != nil {
		if err := s.admit(stored); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.of(o)
	if stored.GetName() == "" {
		stored.SetName(s.generate(stored))
	}
	key := client.ObjectKeyFromObject(stored)
	if k.objects[key] != nil {
		return alreadyExists(k.name, key)
	}
	uid := strings.ToLower(k.name) + "-" + key.Namespace + "-" + key.Name
	stored.SetUID(types.UID(uid + "-" + strconv.Itoa(s.count(uid))))
	stored.SetGeneration(1)
	stored.SetCreationTimestamp(metav1.NewTime(s.clock.Now()))
	s.put(k, key, stored)
	copyInto(stored, o)
	return nil
}

// generate makes a name out of the prefix and the object's contents.
func (s *Store) generate(o client.Object) string {
	prefix := o.GetGenerateName() + digest(o)
	return prefix + "-" + strconv.Itoa(s.count(prefix))
}

func (s *Store) count(of string) int {
	s.names[of]++
	return s.names[of]
}

// put stores an object that nobody else has, with a new version.
func (s *Store) put(k *kind, key types.NamespacedName, o client.Object) {
	s.version++
	s.writes++
	o.SetResourceVersion(strconv.Itoa(s.version))
	before := k.objects[key]
	k.objects[key] = o
	s.events = append(s.events, Event{Key: key, Old: before, New: o})
}

// drop removes an object.
func (s *Store) drop(k *kind, key types.NamespacedName) {
	before := k.objects[key]
	delete(k.objects, key)
	s.version++
	s.writes++
	gone := before.DeepCopyObject().(client.Object)
	gone.SetResourceVersion(strconv.Itoa(s.version))
	s.events = append(s.events, Event{Key: key, Old: gone})
}

// replace stores a changed object, unless nothing changed; an object whose
// deletion waited for its last finalizer goes.
func (s *Store) replace(k *kind, key types.NamespacedName, before, after client.Object) {
	if equal(before, after) {
		return
	}
	if after.GetDeletionTimestamp() != nil && len(after.GetFinalizers()) == 0 && !graceful(after) {
		s.drop(k, key)
		return
	}
	s.put(k, key, after)
}

// Change edits the stored object of a key, if there is one; it reports whether
// there is.
func Change[T client.Object](s *Store, key types.NamespacedName, edit func(T)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none T
	k := s.ofType(reflect.TypeOf(none))
	before := k.objects[key]
	if before == nil {
		return false
	}
	after := before.DeepCopyObject().(T)
	edit(after)
	s.replace(k, key, before, after)
	return true
}

// Get returns the stored object of a key.
func Get[T client.Object](s *Store, key types.NamespacedName) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none T
	o, ok := s.ofType(reflect.TypeOf(none)).objects[key]
	if !ok {
		return none, false
	}
	return o.(T), true
}

// All returns the stored objects of a type by namespace and name.
func All[T client.Object](s *Store) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none T
	return sorted[T](s.ofType(reflect.TypeOf(none)).objects)
}

func sorted[T client.Object](objects map[types.NamespacedName]client.Object) []T {
	out := make([]T, 0, len(objects))
	for _, key := range slices.SortedFunc(maps.Keys(objects), compareKeys) {
		out = append(out, objects[key].(T))
	}
	return out
}

func compareKeys(a, b types.NamespacedName) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
}

// Delete asks for the end of an object: at once, or once its finalizers are gone
// and, for a pod that runs, its kubelet has stopped it.
func (s *Store) Delete(o client.Object) error { return s.delete(o, nil) }

func (s *Store) delete(o client.Object, p *metav1.Preconditions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, key := s.of(o), client.ObjectKeyFromObject(o)
	before := k.objects[key]
	if before == nil {
		return notFound(k.name, key)
	}
	if p != nil && p.UID != nil && *p.UID != before.GetUID() {
		return conflict(k.name, key, fmt.Errorf("UID is %s, not %s", before.GetUID(), *p.UID))
	}
	if p != nil && p.ResourceVersion != nil && *p.ResourceVersion != before.GetResourceVersion() {
		return conflict(k.name, key, fmt.Errorf("version is %s, not %s", before.GetResourceVersion(), *p.ResourceVersion))
	}
	if len(before.GetFinalizers()) == 0 && !graceful(before) {
		s.drop(k, key)
		return nil
	}
	if before.GetDeletionTimestamp() != nil {
		return nil
	}
	after := before.DeepCopyObject().(client.Object)
	now := metav1.NewTime(s.clock.Now())
	after.SetDeletionTimestamp(&now)
	s.put(k, key, after)
	return nil
}

// Remove ends an object whatever holds it, as the kubelet does with a pod that it
// has stopped.
func (s *Store) Remove(o client.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, key := s.of(o), client.ObjectKeyFromObject(o)
	if k.objects[key] != nil {
		s.drop(k, key)
	}
}
