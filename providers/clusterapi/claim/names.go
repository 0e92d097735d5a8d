// SPDX-License-Identifier: Apache-2.0

package claim

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
)

// ErrNoMachine says that a NodeClaim names its Machine in a way that cannot be read.
var ErrNoMachine = errors.New("it is not of the form <namespace>/<name>")

// Claim names a NodeClaim. The zero Claim names none.
type Claim struct {
	Name string
	UID  types.UID
}

// By is the claim of a NodeClaim.
func By(nodeClaim *v1.NodeClaim) Claim { return Claim{Name: nodeClaim.Name, UID: nodeClaim.UID} }

// String is the value of the annotation on a Machine.
func (c Claim) String() string { return c.Name + "/" + string(c.UID) }

// Of reads the claim on a Machine. What was not written by Karpenter is a claim of nobody
// who exists; false means that there is no claim at all.
func Of(m *capi.Machine) (Claim, bool) {
	value, claimed := m.Annotations[v1alpha1.AnnotationNodeClaim]
	name, uid, _ := strings.Cut(value, "/")
	return Claim{Name: name, UID: types.UID(uid)}, claimed
}

// WorkloadOf is the workload cluster of the NodeClaim that claims a Machine; empty if there
// is no claim, or it is of an earlier release, which did not tell.
func WorkloadOf(m *capi.Machine) types.UID {
	if _, claimed := Of(m); !claimed {
		return ""
	}
	return types.UID(m.Annotations[v1alpha1.AnnotationWorkload])
}

// MachineOf reads which Machine a NodeClaim names; false if it names none. What cannot be
// read is ErrNoMachine (CAPI-006).
func MachineOf(nodeClaim *v1.NodeClaim) (types.NamespacedName, bool, error) {
	value, named := nodeClaim.Annotations[v1alpha1.AnnotationMachine]
	if !named {
		return types.NamespacedName{}, false, nil
	}
	namespace, name, _ := strings.Cut(value, "/")
	namespace, name = strings.TrimSpace(namespace), strings.TrimSpace(name)
	if namespace == "" || name == "" || strings.Contains(name, "/") {
		return types.NamespacedName{}, false, fmt.Errorf("reading annotation %s of NodeClaim %s: %q: %w",
			v1alpha1.AnnotationMachine, nodeClaim.Name, value, ErrNoMachine)
	}
	return types.NamespacedName{Namespace: namespace, Name: name}, true, nil
}

// NameOf is the name by which NodeClaims name a Machine.
func NameOf(m *capi.Machine) types.NamespacedName {
	return types.NamespacedName{Namespace: m.Namespace, Name: m.Name}
}

// Annotation is the value of the annotation by which a NodeClaim names a Machine.
func Annotation(machine types.NamespacedName) string { return machine.Namespace + "/" + machine.Name }
