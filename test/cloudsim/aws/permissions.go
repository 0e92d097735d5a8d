// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"maps"
	"slices"

	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/policy"
)

// mostRefusals bounds how many refusals of an identity are remembered: the first ones
// say what is missing.
const mostRefusals = 100

// use remembers grants that a call needed. The cloud is locked.
func (i *Identity) use(grants []string) {
	if i.used == nil {
		i.used = map[string]bool{}
	}
	for _, grant := range grants {
		i.used[grant] = true
	}
}

// refuse remembers that the policies did not allow a call. The cloud is locked.
func (i *Identity) refuse(r control.Refusal) {
	if len(i.refusals) < mostRefusals {
		i.refusals = append(i.refusals, r)
	}
}

// Permissions implements control.PermissionReporter.
func (c *Cloud) Permissions() []control.Permissions {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []control.Permissions{}
	for _, key := range slices.Sorted(maps.Keys(c.identities)) {
		id := c.identities[key]
		out = append(out, control.Permissions{
			Role: id.Role, AccessKey: key, Refusals: slices.Clone(id.refusals),
			Unused: policy.Unused(id.documents, slices.Collect(maps.Keys(id.used))),
		})
	}
	return out
}
