// SPDX-License-Identifier: Apache-2.0

package patch

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// kind is how the items of a list are told apart.
type kind struct {
	// keys are the fields that name an item; none for a list of strings, whose
	// items are their own names.
	keys []string
	// tested are further fields of an item that must be as they were read.
	tested []string
	// unique says that the API server refuses a second item of a name.
	unique bool
}

// kinds are the lists that several write, by their path. Any other list is one
// value.
func kinds(at path) (kind, bool) {
	switch at.pointer() {
	case "/metadata/finalizers":
		return kind{}, true
	case "/metadata/ownerReferences":
		return kind{keys: []string{"uid"}}, true
	case "/spec/taints":
		return kind{keys: []string{"key", "effect"}, unique: true}, true
	case "/status/conditions":
		return kind{keys: []string{"type"}, tested: []string{"status"}, unique: true}, true
	}
	return kind{}, false
}

// name is what tells an item from the others.
func (k kind) name(item any) string {
	fields, _ := item.(map[string]any)
	if len(k.keys) == 0 || fields == nil {
		return fmt.Sprint(item)
	}
	var name string
	for _, key := range k.keys {
		name += fmt.Sprint(fields[key]) + "\n"
	}
	return name
}

// list adds what turns one list, which is not empty, into another. Items that stay
// keep their places; new ones come last. The order of a list means nothing.
func (c *changes) list(at path, from, to []any) {
	k, shared := kinds(at)
	if !shared {
		c.test(at, from)
		c.write("add", at, to)
		return
	}
	wanted := map[string]any{}
	for _, item := range to {
		wanted[k.name(item)] = item
	}
	had := map[string]bool{}
	for place, item := range from {
		name := k.name(item)
		had[name] = true
		if now, stays := wanted[name]; stays && !reflect.DeepEqual(now, item) {
			c.testItem(at, k, place, item)
			c.write("replace", at.to(strconv.Itoa(place)), now)
		}
	}
	added := slices.DeleteFunc(slices.Clone(to), func(item any) bool { return had[k.name(item)] })
	if len(added) > 0 && !k.unique {
		c.test(at, from) // nobody else keeps the item from being there twice
	}
	for place, item := range slices.Backward(from) { // so that places hold
		if _, stays := wanted[k.name(item)]; !stays {
			c.testItem(at, k, place, item)
			c.write("remove", at.to(strconv.Itoa(place)), nil)
		}
	}
	for _, item := range added {
		c.write("add", at.to("-"), item)
	}
}

// testItem tests that the item of this name is still at its place. What else it
// says does not matter: it is the writer's own. Only the status of a condition
// must be what was read, or a late cache would turn it back.
func (c *changes) testItem(at path, k kind, place int, item any) {
	at = at.to(strconv.Itoa(place))
	if len(k.keys) == 0 {
		c.test(at, item)
		return
	}
	for _, key := range slices.Concat(k.keys, k.tested) {
		c.test(at.to(key), item.(map[string]any)[key])
	}
}
