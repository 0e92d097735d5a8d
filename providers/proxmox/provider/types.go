// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/failure"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/placement"
)

var (
	errNoPool  = errors.New("no NodePool is given")
	errNotRead = errors.New("no region has been read yet")
)

// baseKey is all that a base depends on.
type baseKey struct {
	shapes uint64
	// zones are all hosts, with those that are selected marked.
	zones   string
	maxPods int32 // -1: not set
	disk    int64
	// images are those that machines may be cloned from, and memory is the generation of
	// what their nodes reported.
	images string
	memory uint64
	// disks is where their disks go.
	disks string
}

// base is the types of a NodeClass, as if all hosts were empty.
type base struct {
	*catalogue.Base
	shapes map[string]instancetype.Shape
	zones  []instancetype.Zone
	disks  string
}

// viewKey is all that a view depends on.
type viewKey struct {
	base                   *base
	hosts, capacity, marks uint64
}

// GetInstanceTypes implements cloudprovider.CloudProvider.
func (p *Provider) GetInstanceTypes(ctx context.Context, nodePool *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	if nodePool == nil {
		return nil, errNoPool
	}
	nodeClass, err := p.lookup().ForPool(ctx, nodePool)
	if err != nil {
		return nil, err
	}
	b, err := p.base(nodeClass)
	if err != nil {
		return nil, err
	}
	return p.view(b), nil
}

// selected are the hosts that a NodeClass can use, by its status. What the spec excludes
// since then is left out at once.
func selected(nodeClass *v1alpha1.ProxmoxNodeClass) []placement.Entry {
	entries := placement.Entries(nodeClass.Status.SelectedZones)
	return slices.DeleteFunc(entries, func(e placement.Entry) bool {
		return nodeClass.Spec.Region != "" && e.Region != nodeClass.Spec.Region
	})
}

// zones are all hosts that are known, and those that the NodeClass selects though their
// region has not answered yet, in order.
func (p *Provider) zones(entries []placement.Entry) ([]instancetype.SubjectZone, error) {
	marked := map[instancetype.Zone]bool{}
	for _, region := range p.opts.Inventory.Regions() {
		reading, _ := p.opts.Inventory.Reading(region)
		for _, h := range reading.Hosts {
			marked[instancetype.Zone{Region: region, Host: h.Name}] = false
		}
	}
	if len(marked) == 0 {
		return nil, errNotRead // CP-033
	}
	for _, e := range entries {
		marked[instancetype.Zone{Region: e.Region, Host: e.Host}] = p.clones(e)
	}
	var out []instancetype.SubjectZone
	for zone, is := range marked {
		out = append(out, instancetype.SubjectZone{Zone: zone, Selected: is})
	}
	slices.SortFunc(out, func(a, b instancetype.SubjectZone) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Host, b.Host))
	})
	return out, nil
}

// clones reports whether the template of an entry can be cloned: the host that it lies on
// answers, whichever host it is cloned to. What is not known yet passes.
func (p *Provider) clones(e placement.Entry) bool {
	reading, _ := p.opts.Inventory.Reading(e.Region)
	template, _ := reading.Template(e.Template)
	host, known := reading.Host(template.Host)
	return !known || host.Online()
}

// base is the types of a NodeClass, the same for the same state.
func (p *Provider) base(nodeClass *v1alpha1.ProxmoxNodeClass) (*base, error) {
	loaded, err := p.opts.Shapes.Current()
	if err != nil {
		return nil, fmt.Errorf("instance types: %w", err)
	}
	entries := selected(nodeClass)
	zones, err := p.zones(entries)
	if err != nil {
		return nil, err
	}
	disk, err := nodeClass.Spec.BootDeviceSize()
	if err != nil {
		return nil, err
	}
	images := p.images(entries)
	subject := instancetype.Subject{Zones: zones, MaxPods: maxPods(nodeClass), BootDisk: disk, Memory: p.memory(images)}
	key := keyOf(loaded.Generation, subject, disk)
	key.images, key.memory, key.disks = strings.Join(images, " "), p.observed.Generation(), disksOf(nodeClass)
	return p.bases.Get(key, func() *base { return newBase(loaded.Items, subject, key.disks) }), nil
}

func keyOf(shapes uint64, of instancetype.Subject, disk resource.Quantity) baseKey {
	key := baseKey{shapes: shapes, maxPods: -1, disk: disk.Value()}
	if of.MaxPods != nil {
		key.maxPods = *of.MaxPods
	}
	var zones strings.Builder
	for _, z := range of.Zones {
		fmt.Fprintf(&zones, "%s/%s=%t ", z.Region, z.Host, z.Selected)
	}
	key.zones = zones.String()
	return key
}

// disksOf names where a NodeClass puts disks: a storage, or that of its template.
func disksOf(nodeClass *v1alpha1.ProxmoxNodeClass) string {
	if storage := nodeClass.Spec.BootDeviceStorage(); storage != "" {
		return storage
	}
	if ref := nodeClass.Spec.InstanceTemplateRef; ref != nil {
		return ref.Kind + "/" + ref.Name // no storage has a slash
	}
	return ""
}

func newBase(shapes []instancetype.Shape, of instancetype.Subject, disks string) *base {
	b := &base{shapes: map[string]instancetype.Shape{}, disks: disks}
	types := make([]*cloudprovider.InstanceType, len(shapes))
	for i, s := range shapes {
		types[i], b.shapes[s.Name] = s.InstanceType(of), s
	}
	for _, z := range of.Zones {
		b.zones = append(b.zones, z.Zone)
	}
	b.Base = catalogue.NewBase(types)
	return b
}

func maxPods(nodeClass *v1alpha1.ProxmoxNodeClass) *int32 {
	if nodeClass.Spec.KubeletConfiguration == nil {
		return nil
	}
	return nodeClass.Spec.KubeletConfiguration.MaxPods
}

// view is what of a base can be had now (PVE-046). The key is read before what it stands
// for, so that nothing old is ever kept under a new one.
func (p *Provider) view(b *base) []*cloudprovider.InstanceType {
	marks := p.opts.Health.Snapshot()
	key := viewKey{b, p.opts.Inventory.Generation(), p.opts.Launcher.Ledger.Generation(), marks.Generation()}
	return p.views.Of(key, b.Base, p.sold(b, marks))
}

// sold makes offerings unavailable on hosts that cannot be used, have no room, or are
// marked. Each host is looked at once.
func (p *Provider) sold(b *base, marks *health.Snapshot) catalogue.Change {
	free := sync.OnceValue(func() map[instancetype.Zone]capacity.Free {
		out := map[instancetype.Zone]capacity.Free{}
		for _, zone := range b.zones {
			if room, known := p.opts.Launcher.Ledger.Offers(capacity.Place{Region: zone.Region, Host: zone.Host}); known && p.usable(zone) {
				out[zone] = room
			}
		}
		return out
	})
	return catalogue.Unavailable(func(item catalogue.Item) bool {
		zone, shape := zoneOf(item.Offering), b.shapes[item.Type.Name]
		room, usable := free()[zone]
		_, marked := marks.Why(failure.Attempt(shape, zone, b.disks))
		return marked || !usable || !room.Holds(needOf(shape))
	})
}

// usable reports whether machines can be launched on a host, apart from what it has left.
func (p *Provider) usable(zone instancetype.Zone) bool {
	reading, _ := p.opts.Inventory.Reading(zone.Region)
	return reading.Usable(zone.Host)
}

// zoneOf is the host of an offering.
func zoneOf(o *cloudprovider.Offering) instancetype.Zone {
	return instancetype.Zone{Region: o.Value(label.Region), Host: o.Zone()}
}

// needOf is what a machine takes of its host: its nominal memory (PVE-043).
func needOf(s instancetype.Shape) capacity.Need {
	return capacity.Need{VCPUs: s.VCPUs(), MemoryBytes: s.MemoryBytes()}
}
