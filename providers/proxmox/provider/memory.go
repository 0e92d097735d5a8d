// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/observed"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/providerid"
)

// images are what tells the templates of entries apart, each once, in order. A template
// that was not read yet is "", of which no node has reported anything.
func (p *Provider) images(entries []placement.Entry) []string {
	var out []string
	for _, e := range entries {
		reading, _ := p.opts.Inventory.Reading(e.Region)
		image := ""
		if t, known := reading.Template(e.Template); known {
			image = machineconfig.TemplateIdentity(t.ID, t.Options)
		}
		out = append(out, image)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// memory is what to expect of the nodes of a shape, in bytes: nobody knows which of the
// images it will be, so the least of them (PVE-043).
func (p *Provider) memory(images []string) func(instancetype.Shape) int64 {
	return func(s instancetype.Shape) int64 {
		least := p.estimated(s)
		for i, image := range images {
			if expected := p.observed.Expected(p.observable(s, image)); i == 0 || expected < least {
				least = expected
			}
		}
		return least
	}
}

func (p *Provider) estimated(s instancetype.Shape) int64 {
	return s.EstimatedMemory(p.opts.MemoryOverhead)
}

// observable is a shape with an image. It says nothing about other shapes: what is kept
// of a machine's memory follows from its file, not from a family.
func (p *Provider) observable(s instancetype.Shape, image string) observed.Type {
	return observed.Type{Name: s.Name, Images: image, Nominal: s.MemoryBytes(), Estimate: p.estimated(s)}
}

// Observe takes the memory that the node of a NodeClaim reported into account from now on:
// for its instance type, where it is cloned from the same image (PVE-043). A machine that
// has other memory than the type has now says nothing about it. The error is of a region
// that cannot be read.
func (p *Provider) Observe(ctx context.Context, nodeClaim *v1.NodeClaim, memory resource.Quantity) error {
	loaded, err := p.opts.Shapes.Current()
	if err != nil {
		return fmt.Errorf("instance types: %w", err)
	}
	sold := slices.IndexFunc(loaded.Items, func(s instancetype.Shape) bool { return s.Name == nodeClaim.Labels[label.InstanceType] })
	if sold < 0 {
		return nil
	}
	shape := loaded.Items[sold]
	given, err := p.given(ctx, nodeClaim)
	if err != nil {
		return err
	}
	if given>>20 == shape.MemoryBytes()>>20 { // machines have whole MiB
		p.observed.Observe(p.observable(shape, nodeClaim.Status.ImageID), memory.Value())
	}
	return nil
}

// given is how much memory the machine of a NodeClaim has, in bytes; 0: there is no such
// machine, or its region is not configured any more.
func (p *Provider) given(ctx context.Context, nodeClaim *v1.NodeClaim) (int64, error) {
	id, err := providerid.Resolve(ctx, p.opts.Client, nodeClaim.Status.ProviderID, nodeClaim)
	switch {
	case cloudprovider.IsNodeClaimNotFoundError(err):
		return 0, nil
	case err != nil:
		return 0, err
	case !slices.Contains(p.opts.Inventory.Regions(), id.Region):
		return 0, nil
	}
	machines, err := p.opts.Inventory.Machines(ctx, id.Region)
	if err != nil {
		return 0, err
	}
	at := slices.IndexFunc(machines, func(m inventory.Machine) bool { return m.ID == id.Machine })
	if at < 0 {
		return 0, nil
	}
	return machines[at].MaxMemory, nil
}
