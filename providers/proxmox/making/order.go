// SPDX-License-Identifier: Apache-2.0

package making

import (
	"fmt"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// OrderOf is the order of an object. Its hash is empty if a part of the spec could not be
// read: then nothing may be made of it.
func OrderOf(t *v1alpha1.ProxmoxTemplate) (Order, error) {
	hash, err := t.Hash()
	if err != nil {
		return Order{}, fmt.Errorf("hashing template %s: %w", t.Name, err)
	}
	return Order{Name: t.Name, Spec: t.Spec, Hash: hash}, nil
}

// RegionsOf are the regions that are to have a template, in order: its own, if that is
// known, else all.
func (m *Maker) RegionsOf(o Order) []string {
	switch _, known := m.Clients[o.Spec.Region]; {
	case o.Spec.Region == "":
		return m.Regions()
	case known:
		return []string{o.Spec.Region}
	}
	return nil
}
