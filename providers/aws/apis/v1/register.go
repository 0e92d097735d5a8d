// SPDX-License-Identifier: Apache-2.0

package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"karpenter.sh/core/cloudprovider/kit/nodeclass"
)

// Group is the API group of EC2NodeClass and the domain of the provider's labels
// and annotations.
const Group = "karpenter.k8s.aws"

// NodeClassKind is the kind of EC2NodeClass.
const NodeClassKind = "EC2NodeClass"

// GroupVersion is the group and version of the types in this package.
var GroupVersion = schema.GroupVersion{Group: Group, Version: "v1"}

// Kind names EC2NodeClass to the controllers of the kit.
func Kind() nodeclass.Kind { return nodeclass.Kind{Group: Group, Kind: NodeClassKind} }

// AddToScheme registers the types of this package with a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &EC2NodeClass{}, &EC2NodeClassList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
