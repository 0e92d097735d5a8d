// SPDX-License-Identifier: Apache-2.0

package cloudprovider

// Layer is a decorator around a provider (CP-075). From the inside out:
//
//	provider -> metrics -> fence -> overlay
//
// The fence lets nothing through that changes the cloud once the lease is lost.
// Core calls the outermost layer; the evaluation of overlays calls the layer
// below them, whose types are not overlaid.
type Layer interface {
	CloudProvider
	// Unwrap returns the layer below.
	Unwrap() CloudProvider
}

// capability finds an optional interface on the provider or below its layers.
func capability[T any](provider CloudProvider) (T, bool) {
	for {
		if t, ok := provider.(T); ok {
			return t, true
		}
		layer, ok := provider.(Layer)
		if !ok {
			var none T
			return none, false
		}
		provider = layer.Unwrap()
	}
}
