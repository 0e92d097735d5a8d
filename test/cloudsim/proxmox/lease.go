// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"net/netip"
	"strings"
)

// lease is the address that DHCP has for a device on a bridge; none: there is no server, or
// it has none left. Addresses are given from the end of the network, where nobody who
// allocates them from its beginning is near.
func (r *region) lease(mac string, b *Bridge) netip.Addr {
	if given, ok := r.leases[mac]; ok {
		return given
	}
	served := b.CIDR
	if b.Type == vnetType {
		served = r.served(b.Name)
	}
	network, err := netip.ParsePrefix(served)
	if err != nil || !network.Addr().Is4() {
		return netip.Addr{}
	}
	taken := r.takenAddresses()
	for at := lastOf(network).Prev(); network.Contains(at) && at != network.Masked().Addr(); at = at.Prev() {
		if !taken[at.String()] {
			r.leases[mac] = at
			return at
		}
	}
	return netip.Addr{}
}

// lastOf is the last address of a network of IPv4.
func lastOf(network netip.Prefix) netip.Addr {
	bytes := network.Masked().Addr().As4()
	for bit := network.Bits(); bit < 32; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(bytes)
}

// takenAddresses are those of hosts, gateways and machines, and those that are leased.
func (r *region) takenAddresses() map[string]bool {
	out := map[string]bool{}
	for _, h := range r.hosts {
		for _, b := range h.Bridges {
			at, _, _ := strings.Cut(b.CIDR, "/")
			out[at], out[b.Gateway] = true, true
		}
	}
	for _, m := range r.machines {
		out[m.address] = true
		for name, value := range m.options {
			if strings.HasPrefix(name, "ipconfig") {
				at, _, _ := strings.Cut(parseProperties(value).get("ip"), "/")
				out[at] = true
			}
		}
	}
	for _, at := range r.leases {
		out[at.String()] = true
	}
	return out
}
