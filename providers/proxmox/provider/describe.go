// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/inventory"
)

// described is a machine as a NodeClaim, by what it tells itself (CP-029).
func (p *Provider) described(m inventory.Machine) *v1.NodeClaim {
	out := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: m.Name, UID: types.UID(m.Owner.UID), CreationTimestamp: metav1.NewTime(m.FirstSeen), Labels: map[string]string{},
	}}
	for key, value := range map[string]string{
		label.Region: m.Region, label.Zone: m.Host, label.InstanceType: m.InstanceType, label.CapacityType: m.Owner.CapacityType,
		v1.NodePoolLabelKey: m.Owner.NodePool, v1alpha1.LabelNodeClass: m.Owner.NodeClass,
		label.Arch: "amd64", label.OS: string(corev1.Linux),
		v1alpha1.LabelInstanceCPUType: m.CPUType, v1alpha1.LabelInstanceImageID: m.Owner.Image,
		v1alpha1.LabelInstanceFamily: instancetype.Shape{Name: m.InstanceType}.Family(),
	} {
		if value != "" {
			out.Labels[key] = value
		}
	}
	out.Status.ProviderID, out.Status.ImageID = idOf(m).String(), m.Owner.Image
	if p.spared(m) {
		out.Annotations = map[string]string{annotationSpared: "true"}
	}
	return out
}

// annotationSpared is on listed machines that are never collected.
const annotationSpared = v1alpha1.Group + "/spared"

// spared reports whether a machine is never collected: one that names no cluster, one that
// cannot be read, and one that is being worked on (PVE-104).
func (p *Provider) spared(m inventory.Machine) bool {
	return !m.Known || m.Owner.Cluster == "" || p.worked(m)
}

// lockPatience is how long a machine's lock is believed after this process saw the machine
// first: longer than any clone is waited for.
const lockPatience = 30 * time.Minute

// worked reports whether a machine is being worked on. A lock whose task ended with its
// host stays until somebody takes it away: no task of ours has held one for so long.
func (p *Provider) worked(m inventory.Machine) bool {
	return m.Lock != "" && p.opts.Clock.Since(m.FirstSeen) < lockPatience
}

// Spared reports whether a machine that was listed is never collected (PVE-104).
func Spared(listed *v1.NodeClaim) bool { return listed.Annotations[annotationSpared] != "" }

// describe adds what its type tells, as far as NodeClass and type are there (CP-030).
func (p *Provider) describe(ctx context.Context, m inventory.Machine) *v1.NodeClaim {
	out := p.described(m)
	nodeClass := &v1alpha1.ProxmoxNodeClass{}
	if err := p.opts.Client.Get(ctx, client.ObjectKey{Name: m.Owner.NodeClass}, nodeClass); err != nil {
		return out
	}
	b, err := p.base(nodeClass)
	if err != nil {
		return out
	}
	if it := b.find(m.InstanceType); it != nil {
		p.resources(out, it)
	}
	return out
}

// find is the type of a name; nil: it is not sold.
func (b *base) find(name string) *cloudprovider.InstanceType {
	for _, it := range b.Types() {
		if it.Name == name {
			return it
		}
	}
	return nil
}

// resources adds those of a type, without what it has none of.
func (p *Provider) resources(out *v1.NodeClaim, it *cloudprovider.InstanceType) {
	out.Status.Capacity, out.Status.Allocatable = positive(it.Capacity), positive(it.Allocatable())
}

func positive(list corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	for name, amount := range list {
		if !amount.IsZero() {
			out[name] = amount
		}
	}
	return out
}

// launched describes what a launch brought, or found (CP-019, PVE-067).
func (p *Provider) launched(m machine, o order) (*v1.NodeClaim, error) {
	out := p.described(m.Machine)
	own := out.Labels
	out.Labels = o.request.Requirements.Labels()
	for key := range out.Labels {
		if !o.request.Open(key) {
			delete(out.Labels, key)
		}
	}
	if it := o.types.find(m.InstanceType); it != nil {
		maps.Copy(out.Labels, it.Requirements.Labels())
		p.resources(out, it)
	}
	maps.Copy(out.Labels, own)
	stamp, err := p.opts.Hash.Stamp(o.nodeClass)
	if err != nil {
		return nil, err
	}
	out.Annotations = stamp
	if m.Pool != "" {
		out.Annotations[v1alpha1.AnnotationPool] = m.Pool
	}
	maps.Copy(out.Annotations, m.annotations)
	return out, nil
}
