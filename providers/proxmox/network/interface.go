// SPDX-License-Identifier: Apache-2.0

package network

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/providers/proxmox/pve"
)

// Interface is a network interface of a machine.
type Interface struct {
	// Number is that of its device, netN, and of its name in the guest, ethN.
	Number int
	// MAC is the device's address, as its options write it.
	MAC string
	// Bridge is what it is attached to; empty: nothing.
	Bridge string
	// MTU is the largest packet.
	MTU int
	// DHCP4, DHCP6 and SLAAC say how it gets addresses by itself.
	DHCP4, DHCP6, SLAAC bool
	// Address4 and Address6 are its own, with their prefix; invalid: it has none. Of a
	// machine that is not launched yet they may be pools.
	Address4, Address6 netip.Prefix
	// Gateway4 and Gateway6 are routers; invalid: none is told.
	Gateway4, Gateway6 netip.Addr
}

// Bridge is a bridge as its host has it.
type Bridge struct {
	// Address4 and Address6 are the host's own on it; invalid: it has none.
	Address4, Address6 netip.Prefix
	Gateway4, Gateway6 netip.Addr
	// MTU is the largest packet; 0: not told.
	MTU int
}

// BridgeOf reads a bridge. What is not understood is not told.
func BridgeOf(b pve.Bridge) Bridge {
	out := Bridge{MTU: b.MTU()}
	out.Address4, _ = netip.ParsePrefix(b.CIDR)
	out.Address6, _ = netip.ParsePrefix(b.CIDR6)
	out.Gateway4, _ = netip.ParseAddr(b.Gateway)
	out.Gateway6, _ = netip.ParseAddr(b.Gateway6)
	return out
}

// defaultMTU holds where neither device nor bridge says.
const defaultMTU = 1500

// ErrNoDevice means that a machine has no network device.
var ErrNoDevice = errors.New("it has no network device")

var device = regexp.MustCompile(`^net(\d+)$`)

// Interfaces are those of a machine, by number, given the bridges of its host (PVE-080).
func Interfaces(of pve.Options, bridges map[string]Bridge) ([]Interface, error) {
	var out []Interface
	for _, name := range slices.Sorted(maps.Keys(of)) {
		m := device.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		number, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, fmt.Errorf("network device %s: %w", name, err)
		}
		i, err := newInterface(number, of[name], of["ipconfig"+m[1]])
		if err != nil {
			return nil, fmt.Errorf("network device %s: %w", name, err)
		}
		if i.MTU <= 1 {
			i.MTU = cmp.Or(bridges[i.Bridge].MTU, defaultMTU)
		}
		out = append(out, i)
	}
	if len(out) == 0 {
		return nil, ErrNoDevice
	}
	slices.SortFunc(out, func(a, b Interface) int { return cmp.Compare(a.Number, b.Number) })
	return out, nil
}

// pairs reads "a=b,c=d".
func pairs(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		out[key] = value
	}
	return out
}

func newInterface(number int, device, config string) (Interface, error) {
	i := Interface{Number: number}
	for key, value := range pairs(device) {
		switch key {
		case "bridge":
			i.Bridge = value
		case "mtu":
			i.MTU, _ = strconv.Atoi(value) // what is no number is not told
		case "macaddr":
			i.MAC = value
		default: // the name of a model, whichever it is, has the address
			if _, err := net.ParseMAC(value); err == nil {
				i.MAC = value
			}
		}
	}
	given := pairs(config)
	i.DHCP4, i.DHCP6, i.SLAAC = given["ip"] == "dhcp", given["ip6"] == "dhcp", given["ip6"] == "auto"
	var errs []error
	if text := given["ip"]; text != "" && !i.DHCP4 {
		i.Address4, errs = parse(netip.ParsePrefix, text, errs)
	}
	if text := given["ip6"]; text != "" && !i.DHCP6 && !i.SLAAC {
		i.Address6, errs = parse(netip.ParsePrefix, text, errs)
	}
	if text := given["gw"]; text != "" {
		i.Gateway4, errs = parse(netip.ParseAddr, text, errs)
	}
	if text := given["gw6"]; text != "" {
		i.Gateway6, errs = parse(netip.ParseAddr, text, errs)
	}
	return i, errors.Join(errs...)
}

func parse[T any](read func(string) (T, error), text string, errs []error) (T, []error) {
	value, err := read(text)
	if err != nil {
		errs = append(errs, err)
	}
	return value, errs
}

// Config is the interface as an option ipconfigN.
func (i Interface) Config() string {
	var parts []string
	add := func(key, value string, is bool) {
		if is {
			parts = append(parts, key+"="+value)
		}
	}
	add("gw", i.Gateway4.String(), i.Gateway4.IsValid() && i.Address4.IsValid())
	add("gw6", i.Gateway6.String(), i.Gateway6.IsValid() && i.Address6.IsValid())
	add("ip", i.Address4.String(), i.Address4.IsValid())
	add("ip", "dhcp", i.DHCP4)
	add("ip6", i.Address6.String(), i.Address6.IsValid())
	add("ip6", "dhcp", i.DHCP6)
	add("ip6", "auto", i.SLAAC)
	return strings.Join(parts, ",")
}

// IsPool reports whether a network stands for any address in it.
func IsPool(p netip.Prefix) bool { return p.IsValid() && p == p.Masked() }

// CheckTemplate refuses an IPv4 address that all machines of a template would share
// (PVE-082).
func CheckTemplate(interfaces []Interface) error {
	for _, i := range interfaces {
		if i.Address4.IsValid() && !IsPool(i.Address4) {
			return fmt.Errorf("network device net%d: %s would be the address of all machines: give its network, %s", i.Number, i.Address4, i.Address4.Masked())
		}
	}
	return nil
}
