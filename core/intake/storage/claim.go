// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"errors"
	"fmt"
	"slices"

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
	// Foreign says that the claim has the name of one that would be made for the
	// pod, and was not.
	Foreign bool
	// User is another pod, as namespace/name, that has a claim on a node which only
	// one pod may use at a time.
	User string
	// Volume is what the claim is bound to, if it is.
	Volume *corev1.PersistentVolume

	// The rest is of a claim that is not bound.

	// Class is its StorageClass.
	Class *storagev1.StorageClass
	// Candidates are the PersistentVolumes of the class that are not bound.
	Candidates []*corev1.PersistentVolume
	// Selected is the Node for which the scheduler has asked for a volume.
	Selected *corev1.Node
	// Tracked says that the driver of the class tells how much room it has, and
	// Room are the places where it has some.
	Tracked bool
	Room    []*storagev1.CSIStorageCapacity
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

// selectedNode is where the scheduler names the Node for which a volume of the
// claim is to be made.
const selectedNode = "volume.kubernetes.io/selected-node"

// SelectedName is the name of the Node that the scheduler chose for a claim that
// is not bound, or empty.
func (c Claim) SelectedName() string {
	if c.Object == nil || c.VolumeName() != "" {
		return ""
	}
	return c.Object.Annotations[selectedNode]
}

// Exclusive reports whether one pod at a time may use the claim.
func (c Claim) Exclusive() bool {
	return c.Object != nil && slices.Contains(c.Object.Spec.AccessModes, corev1.ReadWriteOncePod)
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

// awaitsNobody returns an error if the volume is to be made for a Node that does
// not exist.
func (c Claim) awaitsNobody() error {
	if name := c.SelectedName(); name != "" && c.Selected == nil {
		return fmt.Errorf("its volume is to be made for node %q, which does not exist", name)
	}
	return nil
}

// Wrap names the claim in an error.
func (c Claim) Wrap(err error) error {
	return fmt.Errorf("PersistentVolumeClaim %s: %w", c.Key, err)
}
