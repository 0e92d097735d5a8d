// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"net"
	"net/netip"
)

// longestSLAAC is the longest prefix that leaves enough of a MAC address.
const longestSLAAC = 112

// SLAAC is the IPv6 address that follows from a network and a MAC address: its EUI-64, with
// the universal bit inverted, in all bytes after the prefix (PVE-085).
func SLAAC(of netip.Prefix, mac string) (netip.Prefix, error) {
	hardware, err := net.ParseMAC(mac)
	if err != nil || len(hardware) != 6 {
		return netip.Prefix{}, fmt.Errorf("an address of %s for %q: want a MAC address of six bytes", of, mac)
	}
	if !of.Addr().Is6() || of.Bits() > longestSLAAC {
		return netip.Prefix{}, fmt.Errorf("an address of %s for %s: want an IPv6 network of at most %d bits", of, mac, longestSLAAC)
	}
	eui := []byte{hardware[0] ^ 2, hardware[1], hardware[2], 0xff, 0xfe, hardware[3], hardware[4], hardware[5]}
	address := of.Masked().Addr().As16()
	free := min(len(address)-(of.Bits()+7)/8, len(eui))
	copy(address[len(address)-free:], eui[len(eui)-free:])
	return netip.PrefixFrom(netip.AddrFrom16(address), of.Bits()), nil
}
