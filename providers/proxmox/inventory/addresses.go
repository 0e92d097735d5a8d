// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
)

// tellNodes tells the book which addresses the Nodes have, once: later ones are told as
// they change (PVE-084). One that ended after it was listed may have been released already,
// and nobody would do so again: so it looks once more.
func (i *Inventory) tellNodes(ctx context.Context) error {
	i.mu.RLock()
	told := i.nodesTold
	i.mu.RUnlock()
	if told {
		return nil
	}
	var first, then corev1.NodeList
	if err := i.Nodes.List(ctx, &first); err != nil {
		return fmt.Errorf("listing Nodes for their addresses: %w", err)
	}
	for n := range first.Items {
		i.Book.Learn(network.NodeHolder(first.Items[n].Name), AddressesOf(&first.Items[n])...)
	}
	err := i.Nodes.List(ctx, &then)
	there := map[string]bool{}
	for n := range then.Items {
		there[then.Items[n].Name] = true
	}
	for n := range first.Items {
		if name := first.Items[n].Name; !there[name] { // all, on error: nothing is given yet
			i.Book.Release(network.NodeHolder(name))
		}
	}
	if err != nil {
		return fmt.Errorf("listing Nodes again for their addresses: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.nodesTold = true
	return nil
}

// AddressesOf are the addresses of a Node that no machine may be given (PVE-083).
func AddressesOf(node *corev1.Node) []netip.Addr {
	var out []netip.Addr
	for _, a := range node.Status.Addresses {
		if a.Type != corev1.NodeInternalIP && a.Type != corev1.NodeExternalIP {
			continue
		}
		if parsed, err := netip.ParseAddr(a.Address); err == nil {
			out = append(out, parsed)
		}
	}
	return out
}

// learnMachines tells the book which addresses the machines of a region have. It is done
// before any host of it is surveyed, and launches need a host that was: whatever region let
// the book give addresses, machines are launched only where those of others are known.
func (i *Inventory) learnMachines(ctx context.Context, r *region) error {
	if now := i.Clock.Now(); r.renewed.IsZero() || now.Sub(r.renewed) >= surveyEvery {
		r.doubtRecords()
		r.renewed, r.learnt = now, false
	}
	if r.learnt {
		return nil
	}
	i.machines.Invalidate(r.name)
	machines, err := i.machines.Get(ctx, r.name)
	if err != nil {
		return fmt.Errorf("reading the addresses of machines in region %s: %w", r.name, err)
	}
	for _, m := range machines {
		i.Book.Learn(launch.Holder(r.name, m.ID), m.Addresses...)
	}
	r.learnt = r.complete()
	return nil
}

// learnBridges tells the book which addresses the bridges of a region's hosts have, those
// that are due. A host that cannot be read keeps no other from launching, and is read with
// the next refresh.
func (i *Inventory) learnBridges(ctx context.Context, r *region, hosts []pve.Host) error {
	now := i.Clock.Now()
	var errs []error
	for _, h := range hosts {
		if last, done := r.bridged[h.Name]; h.Status != "online" || done && now.Sub(last) < surveyEvery {
			continue
		}
		bridges, err := r.client.Bridges(ctx, h.Name)
		if err != nil {
			errs = append(errs, fmt.Errorf("reading the bridges of host %s in region %s: %w", h.Name, r.name, err))
			continue
		}
		i.Book.Hold(bridgeHolder(r.name, h.Name), bridgeAddresses(bridges)...)
		r.bridged[h.Name] = now
	}
	return errors.Join(errs...)
}

// allow lets the book give addresses once those of all Nodes and of a region are known.
func (i *Inventory) allow() {
	i.mu.RLock()
	defer i.mu.RUnlock()
	if i.nodesTold {
		i.Book.Ready()
	}
}

// bridgeHolder is the name by which the bridges of a host hold addresses.
func bridgeHolder(region, host string) string { return "bridges " + region + "/" + host }

func bridgeAddresses(bridges []pve.Bridge) []netip.Addr {
	var out []netip.Addr
	for _, b := range bridges {
		is := network.BridgeOf(b)
		out = append(out, is.Address4.Addr(), is.Address6.Addr(), is.Gateway4, is.Gateway6)
	}
	return slices.DeleteFunc(out, func(a netip.Addr) bool { return !a.IsValid() })
}
