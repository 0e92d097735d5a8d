// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// content is what a dry run depends on (AWS-087): spec, annotations, and which subnets,
// groups, images and profile were resolved. Their order does not count: that of subnets
// changes with each machine that takes an address. Neither do the annotations of the
// hash, which follow the spec.
func content(nodeClass *v1.EC2NodeClass) (string, error) {
	annotations := maps.Clone(nodeClass.Annotations)
	delete(annotations, v1.Kind().HashKey())
	delete(annotations, v1.Kind().HashVersionKey())
	status := nodeClass.Status
	text, err := json.Marshal(struct {
		Name           string
		Spec           v1.EC2NodeClassSpec
		Annotations    map[string]string `json:",omitempty"`
		Subnets        []v1.Subnet
		SecurityGroups []v1.SecurityGroup
		AMIs           []v1.AMI
		Profile        string
	}{
		nodeClass.Name, nodeClass.Spec, annotations,
		slices.SortedFunc(slices.Values(status.Subnets), func(a, b v1.Subnet) int { return strings.Compare(a.ID, b.ID) }),
		slices.SortedFunc(slices.Values(status.SecurityGroups), func(a, b v1.SecurityGroup) int { return strings.Compare(a.ID, b.ID) }),
		slices.SortedStableFunc(slices.Values(status.AMIs), func(a, b v1.AMI) int { return strings.Compare(a.ID, b.ID) }),
		status.InstanceProfile,
	})
	if err != nil {
		return "", fmt.Errorf("writing EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	return string(text), nil
}
