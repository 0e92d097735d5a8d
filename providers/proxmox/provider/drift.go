// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/placement"
)

// DriftImage is the reason of a machine whose template is another one now (PVE-105).
const DriftImage cloudprovider.DriftReason = "ImageDrift"

// IsDrifted implements cloudprovider.CloudProvider (PVE-105), from what was read.
func (p *Provider) IsDrifted(ctx context.Context, nodeClaim *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	if nodeClaim.Labels[v1.NodePoolLabelKey] == "" {
		return "", nil // CP-037
	}
	nodeClass, found, err := p.lookup().ForDrift(ctx, nodeClaim)
	if err != nil || !found {
		return "", err
	}
	if reason, err := p.opts.Hash.Drifted(nodeClaim, nodeClass); reason != "" || err != nil {
		return reason, err
	}
	if nodeClaim.Status.ImageID == "" {
		return "", nil
	}
	region := nodeClaim.Labels[label.Region]
	reading, read := p.opts.Inventory.Reading(region)
	if !read {
		return "", fmt.Errorf("region %q of NodeClaim %s has not been read yet", region, nodeClaim.Name)
	}
	if imageDrifted(nodeClaim, selected(nodeClass), reading) {
		return DriftImage, nil
	}
	return "", nil
}

// imageDrifted reports whether there are templates for the machine's host, and none is
// what it was cloned from.
func imageDrifted(nodeClaim *v1.NodeClaim, entries []placement.Entry, reading inventory.Reading) bool {
	known := false
	for _, e := range entries {
		if e.Region != nodeClaim.Labels[label.Region] || e.Host != nodeClaim.Labels[label.Zone] {
			continue
		}
		t, there := reading.Template(e.Template)
		if !there {
			continue
		}
		if machineconfig.TemplateIdentity(t.ID, t.Options) == nodeClaim.Status.ImageID {
			return false
		}
		known = true
	}
	return known
}
