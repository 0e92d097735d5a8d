// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"maps"
	"net/http"
	"slices"

	"karpenter.sh/test/cloudsim/control"
)

// privilegeOf is a privilege of a user.
type privilegeOf struct{ user, privilege string }

// refusalsKept is how many forbidden calls of each user are remembered.
const refusalsKept = 100

// noteRefusal remembers a call that was forbidden. What a fault rule refuses is none, and
// what a test has forbidden is not looked for.
func (r *request) noteRefusal(failed *failure) {
	if failed == nil || failed.status != http.StatusForbidden || r.caller == nil || r.rule != nil && r.rule.Error != nil {
		return
	}
	if r.caller.user.changed {
		return
	}
	name := r.caller.user.Name
	if len(r.refused[name]) < refusalsKept {
		r.refused[name] = append(r.refused[name], control.Refusal{Call: r.operation.Name(), Message: failed.message})
	}
}

// Permissions implements control.PermissionReporter: of each user of each region, which
// privileges no call needed so far, and what was forbidden.
func (c *Cloud) Permissions() []control.Permissions {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []control.Permissions{}
	for _, name := range slices.Sorted(maps.Keys(c.regions)) {
		r := c.regions[name]
		for _, user := range slices.Sorted(maps.Keys(r.users)) {
			out = append(out, control.Permissions{
				Role: user, AccessKey: name, Refusals: append([]control.Refusal{}, r.refused[user]...), Unused: r.unused(r.users[user]),
			})
		}
	}
	return out
}

// unused are the privileges that a user has and no call needed.
func (r *region) unused(u *user) []string {
	privileges := map[string]bool{}
	for _, g := range u.Grants {
		for _, privilege := range g.Privileges {
			if !r.needed[privilegeOf{u.Name, privilege}] {
				privileges[privilege] = true
			}
		}
	}
	return append([]string{}, slices.Sorted(maps.Keys(privileges))...)
}
