// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Claim is a claim that a pod uses, with the objects that say what it is. Those
// that do not exist are nil.
type Claim struct {
	Key types.NamespacedName
	// Object is the PersistentVolumeClaim.
	Object *corev1.PersistentVolumeClaim
	// Volume is what the claim is bound to, if it is.
	Volume *corev1.PersistentVolume
	// Class is that of a claim that is not bound.
	Class *storagev1.StorageClass
}

// ClaimName is the name of the claim behind a volume of a pod: a named one, or
// one that is made for the pod. Other volumes have none (SCH-080).
func ClaimName(pod *corev1.Pod, v *corev1.Volume) (string, bool) {
	switch {
	case v.PersistentVolumeClaim != nil:
		return v.PersistentVolumeClaim.ClaimName, true
	case v.Ephemeral != nil:
		return pod.Name + "-" + v.Name, true
	}
	return "", false
}

// VolumeName is the PersistentVolume that the claim is bound to, or empty.
func (c Claim) VolumeName() string {
	if c.Object == nil {
		return ""
	}
	return c.Object.Spec.VolumeName
}

// ClassName is the StorageClass stored on a claim that is not bound, or empty. A
// bound one needs none (SCH-082).
func (c Claim) ClassName() string {
	if c.Object == nil || c.VolumeName() != "" || c.Object.Spec.StorageClassName == nil {
		return ""
	}
	return *c.Object.Spec.StorageClassName
}

// Missing returns an error that says which object is the first that does not
// exist. Like all errors about a claim it does not name the claim; see
// [Claim.Wrap].
func (c Claim) Missing() error {
	switch {
	case c.Object == nil:
		return errors.New("it does not exist")
	case c.VolumeName() != "" && c.Volume == nil:
		return fmt.Errorf("its PersistentVolume %q does not exist", c.VolumeName())
	case c.ClassName() != "" && c.Class == nil:
		return fmt.Errorf("its StorageClass %q does not exist", c.ClassName())
	}
	return nil
}

// Wrap names the claim in an error.
func (c Claim) Wrap(err error) error {
	return fmt.Errorf("PersistentVolumeClaim %s: %w", c.Key, err)
}
