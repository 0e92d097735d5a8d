// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/providerid"
)

var (
	errNoID      = errors.New("no provider ID is given")
	errNothing   = errors.New("nothing was launched")
	errNoMachine = errors.New("there is no machine of this cluster with the ID")
)

// Get implements cloudprovider.CloudProvider (PVE-102).
func (p *Provider) Get(ctx context.Context, providerID string) (*v1.NodeClaim, error) {
	if providerID == "" {
		return nil, errNoID
	}
	id, err := providerid.Resolve(ctx, p.opts.Client, providerID, nil)
	if err != nil {
		return nil, err
	}
	machines, err := p.opts.Inventory.Machines(ctx, id.Region)
	if err != nil {
		return nil, err
	}
	for _, m := range machines {
		if m.ID != id.Machine {
			continue
		}
		if !m.Known {
			return nil, fmt.Errorf("machine %d of region %s: host %s: %w", m.ID, m.Region, m.Host, launch.ErrHostGone)
		}
		mine, err := p.mine(ctx, m)
		if err != nil {
			return nil, err
		}
		if mine {
			return p.describe(ctx, m), nil
		}
	}
	return nil, cloudprovider.NewNodeClaimNotFoundError(fmt.Errorf("%q: %w", providerID, errNoMachine))
}

// List implements cloudprovider.CloudProvider (PVE-103). Regions are read at the same time.
func (p *Provider) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	machines, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	out := []*v1.NodeClaim{}
	for _, m := range machines {
		mine, err := p.mine(ctx, m)
		if err != nil {
			return nil, err
		}
		if mine {
			out = append(out, p.describe(ctx, m))
		}
	}
	return out, nil
}

// all are the machines of all regions; the error is of any that cannot be read.
func (p *Provider) all(ctx context.Context) ([]inventory.Machine, error) {
	regions := p.opts.Inventory.Regions()
	lists, errs := make([][]inventory.Machine, len(regions)), make([]error, len(regions))
	var reads sync.WaitGroup
	for i, region := range regions {
		reads.Go(func() { lists[i], errs[i] = p.opts.Inventory.Machines(ctx, region) })
	}
	reads.Wait()
	var out []inventory.Machine
	for _, list := range lists {
		out = append(out, list...)
	}
	return out, errors.Join(errs...)
}

// Delete implements cloudprovider.CloudProvider (PVE-100, PVE-101). Nil means that the
// machine is gone.
func (p *Provider) Delete(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	if nodeClaim.Status.ProviderID == "" {
		return cloudprovider.NewNodeClaimNotFoundError(errNothing)
	}
	id, err := providerid.Resolve(ctx, p.opts.Client, nodeClaim.Status.ProviderID, nodeClaim)
	if err != nil {
		return err
	}
	err = p.opts.Launcher.Delete(ctx, launch.Target{
		Region: id.Region, ID: id.Machine, Name: nodeClaim.Name, UID: string(nodeClaim.UID), Cluster: p.opts.Cluster,
		Host: nodeClaim.Labels[label.Zone],
	})
	p.opts.Inventory.Changed(id.Region)
	switch {
	case errors.Is(err, launch.ErrNotFound):
		p.ledger.Ended(nodeClaim.UID)
		return cloudprovider.NewNodeClaimNotFoundError(err)
	case err != nil:
		return err
	}
	p.ledger.Ended(nodeClaim.UID)
	return nil
}

// held reports whether a NodeClaim or Node has a provider ID: its machine may have gone
// behind Karpenter's back, and another one with the ID would pass for it (PVE-064).
func (p *Provider) held(ctx context.Context, id providerid.ID) (bool, error) {
	for _, text := range []string{id.String(), providerid.ID{Machine: id.Machine}.String()} {
		nodeClaims, err := index.NodeClaims(ctx, p.opts.Client, text)
		if err != nil {
			return false, err
		}
		nodes, err := index.Nodes(ctx, p.opts.Client, text)
		if err != nil {
			return false, err
		}
		here := func(o client.Object) bool { // an ID without region that is labelled with none may be of any
			at := o.GetLabels()[label.Region]
			return text == id.String() || at == "" || at == id.Region
		}
		for i := range nodeClaims {
			if here(&nodeClaims[i]) {
				return true, nil
			}
		}
		for i := range nodes {
			if here(&nodes[i]) {
				return true, nil
			}
		}
	}
	return false, nil
}

// mine reports whether a machine is this cluster's (PVE-103): by what it records, or,
// where that names no cluster or cannot be read, by a NodeClaim or Node with its ID. Only
// for the latter anything is looked up.
func (p *Provider) mine(ctx context.Context, m inventory.Machine) (bool, error) {
	if m.Known && m.Ours && m.Owner.Cluster != "" {
		return m.Owner.Cluster == p.opts.Cluster, nil
	}
	if m.Known && !m.Ours {
		return false, nil
	}
	for _, id := range []string{idOf(m).String(), providerid.ID{Machine: m.ID}.String()} {
		names, err := p.claimants(ctx, id)
		if err != nil {
			return false, err
		}
		if slices.Contains(names, m.Name) || !m.Known && len(names) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// claimants are the names of the NodeClaims and Nodes with a provider ID.
func (p *Provider) claimants(ctx context.Context, providerID string) ([]string, error) {
	nodeClaims, err := index.NodeClaims(ctx, p.opts.Client, providerID)
	if err != nil {
		return nil, err
	}
	nodes, err := index.Nodes(ctx, p.opts.Client, providerID)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range nodeClaims {
		names = append(names, nodeClaims[i].Name)
	}
	for i := range nodes {
		names = append(names, nodes[i].Name)
	}
	return names, nil
}

func idOf(m inventory.Machine) providerid.ID {
	return providerid.ID{Region: m.Region, Machine: m.ID}
}

// machine is what the ledger knows of a launch.
type machine struct {
	inventory.Machine
	// annotations are those that the launch gave, beside the stamp of the NodeClass; nil:
	// it was found, and what was applied to it is not known.
	annotations map[string]string
}

func (m machine) providerID() string { return idOf(m.Machine).String() }

// errUnfinished means that a machine of the NodeClaim is there that an earlier launch has
// not finished, and that nobody can say yet what becomes of it.
var errUnfinished = errors.New("a machine of an earlier launch is not finished")

// find looks for the machine of a NodeClaim (PVE-061). One that is complete runs, since
// starting it is the last step; one that does not is ended, to be made anew. A region that
// does not answer matters only if the machine may be there (PVE-205).
func (p *Provider) find(ctx context.Context, uid types.UID) ([]machine, error) {
	name, regions := p.traces(uid)
	var out []machine
	for _, region := range p.opts.Inventory.Regions() {
		if regions != nil && !regions[region] {
			continue
		}
		machines, err := p.opts.Inventory.Machines(ctx, region)
		if err != nil {
			return nil, err
		}
		for _, m := range machines {
			complete, err := p.inspect(ctx, m, uid, name)
			if err != nil {
				return nil, fmt.Errorf("machine %d of region %s: %w", m.ID, m.Region, err)
			}
			if complete {
				out = append(out, machine{Machine: m})
			}
		}
	}
	return out, nil
}

// inspect reports whether a machine is the complete one of a NodeClaim. The error is of one
// that is, or may be, on its way.
func (p *Provider) inspect(ctx context.Context, m inventory.Machine, uid types.UID, name string) (bool, error) {
	switch {
	case !m.Known && m.Name == name, p.unmarked(m) && p.worked(m):
		return false, errUnfinished
	case p.unmarked(m):
		log.FromContext(ctx).Info("a machine has been locked for cloning for so long that nobody can be at it; it is left alone, and should be removed by hand",
			"machine", m.ID, "host", m.Host, "region", m.Region)
		return false, nil
	case !m.Known || !m.Ours || m.Owner.UID != string(uid) || m.Owner.Cluster != p.opts.Cluster:
		return false, nil
	case m.Running():
		return true, nil
	case p.worked(m) || m.Status == "unknown":
		return false, errUnfinished
	}
	return false, p.end(ctx, m)
}

// unmarked reports whether a machine is being cloned that may be of an earlier process:
// clones are marked only when their first disk has been copied.
func (p *Provider) unmarked(m inventory.Machine) bool {
	return !m.Ours && m.Lock == "clone" && p.opts.Launcher.IDs.Ours(m.ID) &&
		!p.opts.Launcher.Ledger.Launching(capacity.Place{Region: m.Region, Host: m.Host}, m.ID)
}

// end ends a machine that will never serve.
func (p *Provider) end(ctx context.Context, m inventory.Machine) error {
	err := p.opts.Launcher.Delete(ctx, launch.Target{Region: m.Region, ID: m.ID, Name: m.Name, UID: m.Owner.UID, Cluster: p.opts.Cluster, Host: m.Host})
	p.opts.Inventory.Changed(m.Region)
	if errors.Is(err, launch.ErrNotFound) {
		return nil
	}
	return err
}
