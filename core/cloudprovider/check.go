// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"errors"
	"fmt"

	"karpenter.sh/core/engine/requirement"
)

// UnregisteredKeyError says that instance types demand a label that is not
// well-known.
type UnregisteredKeyError struct {
	// Key of the label.
	Key string
	// InstanceType is the first that demands it.
	InstanceType string
}

// Error names the label and the first instance type that demands it.
func (e *UnregisteredKeyError) Error() string {
	return fmt.Sprintf("label %q in the requirements of instance type %q is not registered as well-known, "+
		"so no request that leaves it out could use the type", e.Key, e.InstanceType)
}

// CheckKeys is the check at start-up that every label which types or offerings
// demand is well-known (CP-006). The error holds one *UnregisteredKeyError for
// each offending key.
func CheckKeys(types []*InstanceType, wellKnown func(key string) bool) error {
	seen := map[string]bool{}
	var errs []error
	check := func(it *InstanceType, reqs requirement.Requirements) {
		for r := range reqs.Each() {
			if !r.AllowsAbsent() && !wellKnown(r.Key()) && !seen[r.Key()] {
				seen[r.Key()] = true
				errs = append(errs, &UnregisteredKeyError{Key: r.Key(), InstanceType: it.Name})
			}
		}
	}
	for _, it := range types {
		check(it, it.Requirements)
		for _, o := range it.Offerings {
			check(it, o.Requirements)
		}
	}
	return errors.Join(errs...)
}
