// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	csi "k8s.io/csi-translation-lib"
)

// Drivers finds the CSI drivers that attach claims. Safe for concurrent use.
type Drivers struct{ translator csi.CSITranslator }

// NewDrivers returns Drivers.
func NewDrivers() Drivers { return Drivers{csi.New()} }

// Of is the driver that attaches a claim, or empty: a claim without a class, or
// whose objects do not exist, is attached by none (SCH-088).
func (d Drivers) Of(c Claim) (string, error) {
	switch {
	case c.Volume != nil:
		return d.ofVolume(c.Volume)
	case c.Class != nil:
		return d.ofProvisioner(c.Class.Provisioner), nil
	}
	return "", nil
}

func (d Drivers) ofVolume(pv *corev1.PersistentVolume) (string, error) {
	if pv.Spec.CSI != nil {
		return pv.Spec.CSI.Driver, nil
	}
	if !d.translator.IsPVMigratable(pv) {
		return "", nil // no driver attaches it: local, hostPath, NFS and the like
	}
	inTree, err := d.translator.GetInTreePluginNameFromSpec(pv, nil)
	if err != nil {
		return "", fmt.Errorf("finding the driver of PersistentVolume %q: %w", pv.Name, err)
	}
	return d.ofProvisioner(inTree), nil
}

// ofProvisioner translates the names of what was once built into the kubelet;
// other provisioners are drivers themselves.
func (d Drivers) ofProvisioner(provisioner string) string {
	if driver, err := d.translator.GetCSINameFromInTreeName(provisioner); err == nil {
		return driver
	}
	return provisioner
}
