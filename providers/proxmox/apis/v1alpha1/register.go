// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"karpenter.sh/core/cloudprovider/kit/nodeclass"
)

// Group is the API group of the kinds and the domain of the provider's labels and
// annotations.
const Group = "karpenter.proxmox.sinextra.dev"

// The kinds.
const (
	// NodeClassKind is the kind of ProxmoxNodeClass.
	NodeClassKind = "ProxmoxNodeClass"
	// TemplateKind is the kind of ProxmoxTemplate.
	TemplateKind = "ProxmoxTemplate"
	// UnmanagedTemplateKind is the kind of ProxmoxUnmanagedTemplate.
	UnmanagedTemplateKind = "ProxmoxUnmanagedTemplate"
)

// GroupVersion is the group and version of the types in this package.
var GroupVersion = schema.GroupVersion{Group: Group, Version: "v1alpha1"}

// Kind names ProxmoxNodeClass to the controllers of the kit.
func Kind() nodeclass.Kind { return nodeclass.Kind{Group: Group, Kind: NodeClassKind} }

// AddToScheme registers the types of this package with a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&ProxmoxNodeClass{}, &ProxmoxNodeClassList{},
		&ProxmoxTemplate{}, &ProxmoxTemplateList{},
		&ProxmoxUnmanagedTemplate{}, &ProxmoxUnmanagedTemplateList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
