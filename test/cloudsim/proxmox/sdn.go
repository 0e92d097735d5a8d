// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// vnetType is the type of bridges that are VNets.
const vnetType = "vnet"

// defineNetworks lets VNets be on the hosts of their zones.
func (r *region) defineNetworks() error {
	for _, zone := range r.zones {
		for _, vnet := range zone.VNets {
			for _, subnet := range vnet.Subnets {
				if _, err := netip.ParsePrefix(subnet.CIDR); err != nil {
					return fmt.Errorf("zone %s: VNet %s: subnet %q: %w", zone.Name, vnet.Name, subnet.CIDR, err)
				}
			}
			for _, h := range r.hosts {
				if len(zone.Hosts) == 0 || slices.Contains(zone.Hosts, h.Name) {
					h.Bridges = append(slices.Clone(h.Bridges), Bridge{Name: vnet.Name, Type: vnetType, MTU: zone.MTU})
				}
			}
		}
	}
	return nil
}

// zoneOf is the zone of a bridge: that of hosts' own bridges, unless it is a VNet.
func (r *region) zoneOf(bridge string) string {
	for _, zone := range r.zones {
		if slices.ContainsFunc(zone.VNets, func(v VNet) bool { return v.Name == bridge }) {
			return zone.Name
		}
	}
	return "localnetwork"
}

// bridgePath is where privileges on a bridge are given, or on one VLAN of it.
func (r *region) bridgePath(bridge, vlan string) string {
	path := "/sdn/zones/" + r.zoneOf(bridge) + "/" + bridge
	if vlan != "" {
		path += "/" + vlan
	}
	return path
}

// served is the first subnet of a VNet whose addresses are given by DHCP; empty: none is.
func (r *region) served(vnet string) string {
	for _, zone := range r.zones {
		for _, v := range zone.VNets {
			for _, subnet := range v.Subnets {
				if v.Name == vnet && subnet.DHCP {
					return subnet.CIDR
				}
			}
		}
	}
	return ""
}

func networkCalls() map[string]handler {
	return map[string]handler{
		"GET /cluster/sdn/zones":                listZones,
		"GET /cluster/sdn/vnets":                listVNets,
		"GET /cluster/sdn/vnets/{vnet}/subnets": listSubnets,
	}
}

// sees reports whether the caller sees something of the software-defined networks.
func (r *request) sees(path string) bool {
	return r.needAny(path, "SDN.Audit", "SDN.Use", "SDN.Allocate") == nil
}

func listZones(r *request) (any, *failure) {
	out := []any{}
	for _, zone := range r.zones {
		if asked := r.in["type"]; asked != "" && asked != zone.Type || !r.sees("/sdn/zones/"+zone.Name) {
			continue
		}
		entry := map[string]any{"zone": zone.Name, "type": zone.Type}
		if len(zone.Hosts) > 0 {
			entry["nodes"] = strings.Join(zone.Hosts, ",")
		}
		if zone.MTU > 0 {
			entry["mtu"] = zone.MTU
		}
		out = append(out, entry)
	}
	return out, nil
}

func listVNets(r *request) (any, *failure) {
	out := []any{}
	for _, zone := range r.zones {
		for _, vnet := range zone.VNets {
			if !r.sees(r.bridgePath(vnet.Name, "")) {
				continue
			}
			entry := map[string]any{"vnet": vnet.Name, "type": vnetType, "zone": zone.Name}
			if vnet.Tag > 0 {
				entry["tag"] = vnet.Tag
			}
			out = append(out, entry)
		}
	}
	return out, nil
}

func listSubnets(r *request) (any, *failure) {
	for _, zone := range r.zones {
		for _, vnet := range zone.VNets {
			if vnet.Name != r.in["vnet"] {
				continue
			}
			if !r.sees(r.bridgePath(vnet.Name, "")) {
				return nil, denied(r.bridgePath(vnet.Name, ""), "SDN.Audit|SDN.Allocate")
			}
			out := []any{}
			for _, subnet := range vnet.Subnets {
				entry := map[string]any{"cidr": subnet.CIDR, "subnet": zone.Name + "-" + strings.ReplaceAll(subnet.CIDR, "/", "-"), "type": "subnet", "vnet": vnet.Name, "zone": zone.Name}
				if subnet.Gateway != "" {
					entry["gateway"] = subnet.Gateway
				}
				out = append(out, entry)
			}
			return out, nil
		}
	}
	return nil, refuse("vnet '%s' does not exist", r.in["vnet"])
}
