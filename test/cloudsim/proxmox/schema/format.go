// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
)

// formats are the named formats that a pattern tells.
func formats() map[string]string {
	return map[string]string{
		"pve-node":            `[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?`,
		"pve-vmid":            `[1-9][0-9]{2,8}`,
		"pve-configid":        `[a-zA-Z][a-zA-Z0-9_\-]+`,
		"pve-storage-id":      `[a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]`,
		"pve-poolid":          `[A-Za-z][A-Za-z0-9.\-_]*(?:/[A-Za-z][A-Za-z0-9.\-_]*){0,2}`,
		"pve-tag":             `[A-Za-z0-9_][A-Za-z0-9_\-+.]*`,
		"pve-iface":           `[a-zA-Z][a-zA-Z0-9_]{1,20}(?:[:.]\d+)?`,
		"pve-bridge-id":       `[-_.\w\d]+`,
		"pve-volume-id":       `[a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]:[^,\s]+`,
		"pve-cpuset":          `\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*`,
		"dns-name":            `(?:[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?`,
		"pve-qm-boot":         `(?:order=[a-z0-9;]*|[acdn]{1,4}|legacy=[acdn]{1,4})`,
		"disk-size":           `\d+(?:\.\d+)?[KMGT]?`,
		"urlencoded":          `(?:%[A-Fa-f0-9]{2}|[a-zA-Z0-9\-_.~])*`,
		"pve-storage-content": `(?:images|rootdir|vztmpl|iso|backup|snippets|import|none)`,
		"pve-vm-cpu-conf":     `(?:cputype=)?[a-zA-Z0-9\-_.]+(?:,flags=[+-][a-zA-Z0-9\-_.]+(?:;[+-][a-zA-Z0-9\-_.]+)*|,hidden=[01]|,phys-bits=\w+|,hv-vendor-id=\w+|,reported-model=\w+)*`,
	}
}

// checkFormat says what is wrong with a text of a named format; empty: nothing, or that
// the format is not known. Lists have any of the separators that the API takes.
func checkFormat(format, text string) string {
	if single, isList := strings.CutSuffix(format, "-list"); isList {
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \x00", r) }) {
			if problem := checkFormat(single, part); problem != "" {
				return problem
			}
		}
		return ""
	}
	if pattern, ok := formats()[format]; ok {
		if matched, _ := regexp.MatchString(`^(?:`+pattern+`)$`, text); matched { // the patterns are constant
			return ""
		}
		return fmt.Sprintf("invalid format - value '%s' does not look like a valid %s", text, format)
	}
	if err := checkAddress(format, text); err != nil {
		return "invalid format - " + err.Error()
	}
	return ""
}

// checkAddress reads what is made of addresses.
func checkAddress(format, text string) error {
	var err error
	switch format {
	case "ip", "address":
		_, err = netip.ParseAddr(text)
	case "ipv4":
		err = of4(netip.ParseAddr(text))
	case "CIDR":
		_, err = netip.ParsePrefix(text)
	case "mac-addr":
		_, err = net.ParseMAC(text)
	case "pve-qm-ipconfig":
		err = checkIPConfig(text)
	case "pve-qm-smbios1":
		err = checkKeys(text, "uuid", "version", "serial", "manufacturer", "product", "sku", "family", "base64")
	case "pve-qm-hostpci":
		err = checkKeys(text, "host", "mapping", "mdev", "pcie", "rombar", "romfile", "x-vga", "legacy-igd", "driver",
			"device-id", "sub-device-id", "vendor-id", "sub-vendor-id")
	}
	return err
}

func of4(address netip.Addr, err error) error {
	if err == nil && !address.Is4() {
		return fmt.Errorf("value '%s' does not look like a valid IPv4 address", address)
	}
	return err
}

// checkKeys refuses keys that there are not.
func checkKeys(text string, known ...string) error {
	for part := range strings.SplitSeq(text, ",") {
		key, _, named := strings.Cut(part, "=")
		found := !named // the default key
		for _, k := range known {
			found = found || k == key
		}
		if !found {
			return fmt.Errorf("format error\n%s: property is not defined in schema and the schema does not allow additional properties", key)
		}
	}
	return nil
}

// checkIPConfig reads the addresses of an interface: a gateway needs an address.
func checkIPConfig(text string) error {
	if err := checkKeys(text, "ip", "gw", "ip6", "gw6"); err != nil {
		return err
	}
	given := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(part, "=")
		given[key] = value
	}
	for address, gateway := range map[string]string{"ip": "gw", "ip6": "gw6"} {
		value, known := given[address]
		router, routed := given[gateway]
		if routed && !known {
			return fmt.Errorf("format error\n%s: %s requires %s", gateway, gateway, address)
		}
		if known && value != "dhcp" && (address != "ip6" || value != "auto") {
			if prefix, err := netip.ParsePrefix(value); err != nil || prefix.Addr().Is4() != (address == "ip") {
				return fmt.Errorf("format error\n%s: value '%s' does not look like a valid network", address, value)
			}
		}
		if routed {
			if parsed, err := netip.ParseAddr(router); err != nil || parsed.Is4() != (gateway == "gw") {
				return fmt.Errorf("format error\n%s: value '%s' does not look like a valid address", gateway, router)
			}
		}
	}
	return nil
}
