// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"fmt"

	"karpenter.sh/core/apis/vocabulary"
)

// Vocabularian is the optional capability of a provider with labels, resources
// or aliases of its own (CP-005).
type Vocabularian interface {
	// Vocabulary is what the provider adds to the core's; it is constant.
	Vocabulary() vocabulary.Additions
}

// VocabularyOf returns the core's vocabulary with what the provider adds to it,
// looking through layers. It is built once, before any controller starts.
func VocabularyOf(provider CloudProvider) (*vocabulary.Vocabulary, error) {
	var additions vocabulary.Additions
	if p, ok := capability[Vocabularian](provider); ok {
		additions = p.Vocabulary()
	}
	words, err := vocabulary.New(additions)
	if err != nil {
		return nil, fmt.Errorf("adding the words of provider %q: %w", provider.Name(), err)
	}
	return words, nil
}
