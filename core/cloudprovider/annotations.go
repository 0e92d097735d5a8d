// SPDX-License-Identifier: Apache-2.0

package cloudprovider

// Annotator is the optional capability of a provider with annotations of NodeClaims that
// are not for their Nodes, because others use the key there for something else.
type Annotator interface {
	// NodeClaimAnnotations are the keys that registration does not copy (LIF-087).
	NodeClaimAnnotations() []string
}

// NodeClaimAnnotations returns the provider's annotations that stay on NodeClaims, looking
// through layers.
func NodeClaimAnnotations(provider CloudProvider) []string {
	if p, ok := capability[Annotator](provider); ok {
		return p.NodeClaimAnnotations()
	}
	return nil
}
