// SPDX-License-Identifier: Apache-2.0

package query

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Key names what a list was resolved from: a NodeClass in one generation, and what it
// selects by. It is the key of a cache, whose loads need nothing else.
type Key struct {
	UID        types.UID
	Generation int64
	// Terms are the selector terms in JSON.
	Terms string
}

// KeyOf is the key of a list that terms of a NodeClass select.
func KeyOf[T any](nodeClass *v1.EC2NodeClass, terms []T) (Key, error) {
	text, err := json.Marshal(terms)
	if err != nil {
		return Key{}, fmt.Errorf("writing the selector terms of EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	return Key{UID: nodeClass.UID, Generation: nodeClass.Generation, Terms: string(text)}, nil
}

// TermsOf are the terms that a key was made of.
func TermsOf[T any](key Key) ([]T, error) {
	var terms []T
	if err := json.Unmarshal([]byte(key.Terms), &terms); err != nil {
		return nil, fmt.Errorf("reading the selector terms of EC2NodeClass %s: %w", key.UID, err)
	}
	return terms, nil
}

// String names the NodeClass and its generation, for errors.
func (k Key) String() string {
	return fmt.Sprintf("EC2NodeClass %s generation %d", k.UID, k.Generation)
}
