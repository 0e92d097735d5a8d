// SPDX-License-Identifier: Apache-2.0

package capi

import (
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group is the API group of Cluster API.
const Group = "cluster.x-k8s.io"

// ErrNotServed says that a management cluster has no Cluster API, or none of a version
// that is known here.
var ErrNotServed = errors.New("the API group " + Group + " is not served in a known version")

// Versions are those that can be spoken, the newest first.
func Versions() []string { return []string{"v1beta2", "v1beta1"} }

// Choose returns the version to speak with a server: the one that it prefers, if that is
// known here, else the newest of the others (CAPI-007, CAPI-121). Without any it is
// ErrNotServed.
func Choose(preferred string, served []string) (string, error) {
	for _, version := range append([]string{preferred}, Versions()...) {
		if slices.Contains(served, version) && slices.Contains(Versions(), version) {
			return version, nil
		}
	}
	return "", fmt.Errorf("%w: of %v, known are %v", ErrNotServed, served, Versions())
}

// AddToScheme returns what registers the objects in one version with a scheme. A scheme
// holds them in one only.
func AddToScheme(version string) func(*runtime.Scheme) error {
	groupVersion := schema.GroupVersion{Group: Group, Version: version}
	return func(s *runtime.Scheme) error {
		s.AddKnownTypes(groupVersion,
			&MachineDeployment{}, &MachineDeploymentList{},
			&MachineSet{}, &MachineSetList{},
			&Machine{}, &MachineList{},
			&Cluster{}, &ClusterList{},
		)
		metav1.AddToGroupVersion(s, groupVersion)
		return nil
	}
}
