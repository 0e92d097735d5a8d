// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"encoding/json"
	"fmt"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
)

// HashVersion is the version of the static hash (AWS-090). It changes whenever the
// hash of an unchanged EC2NodeClass would, which is never without need: nodes of
// clusters that are taken over or handed back must not drift.
const HashVersion = "v6"

// HashScheme is what is hashed of an EC2NodeClass (AWS-090, AWS-091). caBundle is
// the base64 text of the cluster's certificates that nodes get, empty if none.
func HashScheme(caBundle string) statichash.Scheme[*EC2NodeClass] {
	return statichash.Scheme[*EC2NodeClass]{
		Kind:    Kind(),
		Version: HashVersion,
		Hash:    func(c *EC2NodeClass) (string, error) { return c.Hash(caBundle) },
	}
}

// Hash is the static hash (AWS-091). It is empty if a part of the spec could not
// be read, since what is missing would pass for a change of the spec. The error is
// that of an alias that admission would have refused, or of a kubelet that is no
// object.
func (c *EC2NodeClass) Hash(caBundle string) (string, error) {
	if len(c.UnreadableSpec()) > 0 {
		return "", nil
	}
	family, err := c.Family()
	if err != nil {
		return "", err
	}
	kubelet, err := c.kubeletJSON()
	if err != nil {
		return "", err
	}
	spec, err := statichash.Of(c.Spec)
	if err != nil {
		return "", err
	}
	return statichash.Decimal(spec, statichash.Text(family), statichash.Text(caBundle), statichash.Text(kubelet)), nil
}

// kubeletJSON is spec.kubelet as it is hashed: compact, with the top-level keys in
// order, null if there are none.
func (c *EC2NodeClass) kubeletJSON() (string, error) {
	const none = "null"
	if c.Spec.Kubelet == nil || len(c.Spec.Kubelet.Raw) == 0 {
		return none, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(c.Spec.Kubelet.Raw, &fields); err != nil {
		return "", fmt.Errorf("reading spec.kubelet: %w", err)
	}
	if len(fields) == 0 {
		return none, nil
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return "", fmt.Errorf("writing spec.kubelet: %w", err)
	}
	return string(text), nil
}
