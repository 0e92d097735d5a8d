// SPDX-License-Identifier: Apache-2.0

package upkeep

import (
	"context"
	"fmt"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/pve"
)

// emptyDrive is a drive without a medium.
const emptyDrive = "none,media=cdrom"

// Eject takes away what the machine of a NodeClaim was booted with: its medium, and the
// mark of it (PVE-099). Another medium in the drive stays. A machine that has gone is a
// NodeClaimNotFoundError.
func (u *Updater) Eject(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	m, err := u.find(ctx, nodeClaim)
	if err != nil {
		return err
	}
	defer u.Changed(m.region)
	if m, err = u.configure(ctx, nodeClaim, m, ejection); err != nil {
		return err
	}
	if err := launch.DeleteMedium(ctx, m.client, m.place(), m.options); err != nil {
		return fmt.Errorf("deleting the medium of machine %d on host %s of region %s: %w", m.ID, m.Host, m.region, err)
	}
	return nil
}

// ejection is the change that takes away the mark of a machine and its medium, as far as
// they are there.
func ejection(m found) pve.Change {
	change := withoutMark(m.options["tags"])
	if launch.HasMedium(m.options, m.ID) {
		if change.Set == nil {
			change.Set = pve.Options{}
		}
		change.Set[launch.MediumDrive] = emptyDrive
	}
	return change
}
