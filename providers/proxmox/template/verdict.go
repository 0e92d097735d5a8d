// SPDX-License-Identifier: Apache-2.0

package template

import (
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/pve"
)

// Verdict is what a machine is to a recipe.
type Verdict int

const (
	// Other has another name: it does not matter.
	Other Verdict = iota
	// Foreign has the name and is somebody else's: it is never touched, and nothing is made
	// beside it.
	Foreign
	// Outdated is the object's own, made from something else: it is replaced.
	Outdated
	// Current is the object's own as it is wanted.
	Current
)

// Judge says what a machine is to the recipe (PVE-027). Machines of before clusters were
// recorded are taken over.
func (r Recipe) Judge(m pve.Machine, options pve.Options) Verdict {
	if m.Name != r.Name {
		return Other
	}
	hash, cluster := machineconfig.TemplateMarks(options["description"])
	switch {
	case hash == "" || cluster != "" && cluster != r.Cluster:
		return Foreign
	case hash != r.Hash || !m.IsTemplate():
		return Outdated
	}
	return Current
}
