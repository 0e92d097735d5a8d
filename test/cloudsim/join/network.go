// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"sigs.k8s.io/yaml"
)

// Link is a network device of a machine.
type Link struct {
	// MAC is its address, as the device has it.
	MAC string
	// Lease is the address that a DHCP server has for it; empty: none answers.
	Lease string
}

// networkConfig is the part of a network configuration (version 2) that gives addresses.
type networkConfig struct {
	Version   int                 `json:"version"`
	Ethernets map[string]ethernet `json:"ethernets"`
}

type ethernet struct {
	Match struct {
		MACAddress string `json:"macaddress"`
		Name       string `json:"name"`
	} `json:"match"`
	DHCP4     bool     `json:"dhcp4"`
	DHCP6     bool     `json:"dhcp6"`
	Addresses []string `json:"addresses"`
	Gateway4  string   `json:"gateway4"`
	Routes    []struct {
		To  string `json:"to"`
		Via string `json:"via"`
	} `json:"routes"`
}

// errNoNetwork is a machine that nobody can reach.
var errNoNetwork = errors.New("no network device has an address")

// nodeAddress is the address of the first device that has one, by a network configuration;
// without one the first device asks by DHCP.
func nodeAddress(config []byte, links []Link) (string, error) {
	if len(config) == 0 {
		for _, link := range links {
			if link.Lease != "" {
				return link.Lease, nil
			}
		}
		return "", errNoNetwork
	}
	var c networkConfig
	if err := yaml.Unmarshal(config, &c); err != nil {
		return "", fmt.Errorf("network-config: %w", err)
	}
	if c.Version != 2 {
		return "", fmt.Errorf("network-config: version %d is not read here", c.Version)
	}
	for _, name := range sorted(c.Ethernets) {
		if err := c.Ethernets[name].check(); err != nil {
			return "", fmt.Errorf("network-config: %s: %w", name, err)
		}
	}
	for _, link := range links {
		for _, name := range sorted(c.Ethernets) {
			if at := c.Ethernets[name].of(link); at != "" {
				return at, nil
			}
		}
	}
	return "", errNoNetwork
}

// check refuses what netplan would refuse.
func (e ethernet) check() error {
	for _, given := range e.Addresses {
		if _, err := netip.ParsePrefix(given); err != nil {
			return fmt.Errorf("%q is no address with its prefix", given)
		}
	}
	gateways := map[string]bool{}
	for _, route := range e.Routes {
		if _, err := netip.ParseAddr(route.Via); err != nil {
			return fmt.Errorf("route to %s: %q is no address", route.To, route.Via)
		}
		if gateways[route.To] {
			return fmt.Errorf("there are two routes to %s", route.To)
		}
		gateways[route.To] = true
	}
	return nil
}

// of is the address that a device gets, IPv4 first; empty: it is not meant, or gets none.
func (e ethernet) of(link Link) string {
	if !strings.EqualFold(e.Match.MACAddress, link.MAC) {
		return ""
	}
	other := ""
	for _, given := range e.Addresses {
		prefix, err := netip.ParsePrefix(given)
		if err != nil {
			continue // it was checked
		}
		if prefix.Addr().Is4() {
			return prefix.Addr().String()
		}
		other = prefix.Addr().String()
	}
	if e.DHCP4 && link.Lease != "" {
		return link.Lease
	}
	return other
}
