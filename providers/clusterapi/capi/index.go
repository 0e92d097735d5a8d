// SPDX-License-Identifier: Apache-2.0

package capi

// IndexProviderID is the field by which caches find Machines: their provider ID.
const IndexProviderID = "spec.providerID"

// ProviderIDs are the values of [IndexProviderID] of a Machine.
func ProviderIDs(m *Machine) []string {
	if m.Spec.ProviderID == "" {
		return nil
	}
	return []string{m.Spec.ProviderID}
}
