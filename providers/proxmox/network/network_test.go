// SPDX-License-Identifier: Apache-2.0

package network_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
)

func bridges() map[string]network.Bridge {
	return map[string]network.Bridge{
		"vmbr0": network.BridgeOf(pve.Bridge{Name: "vmbr0", CIDR: "10.1.0.9/24", Gateway: "10.1.0.1", CIDR6: "2001:db8::9/64", MTUText: "9000"}),
		"vmbr1": {},
	}
}

// PVE-080, PVE-086: which interfaces a machine has, and how they are written back.
func TestInterfaces(t *testing.T) {
	for _, row := range []struct {
		reason string
		of     pve.Options
		want   string
	}{
		{"in the order of their numbers", pve.Options{"net10": "virtio=BC:24:11:00:00:02,bridge=vmbr1", "net2": "e1000=BC:24:11:00:00:01,bridge=vmbr0,mtu=1400"}, "2 BC:24:11:00:00:01 1400 []; 10 BC:24:11:00:00:02 1500 []"},
		{"the bridge's packets", pve.Options{"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,mtu=1"}, "0 BC:24:11:00:00:01 9000 []"},
		{"an address under its own name", pve.Options{"net0": "model=vmxnet3,macaddr=BC:24:11:00:00:01"}, "0 BC:24:11:00:00:01 1500 []"},
		{"by itself", pve.Options{"net0": "virtio=BC:24:11:00:00:01", "ipconfig0": "ip=dhcp,ip6=auto"}, "0 BC:24:11:00:00:01 1500 [ip=dhcp,ip6=auto]"},
		{"by DHCP", pve.Options{"net0": "virtio=BC:24:11:00:00:01", "ipconfig0": "ip6=dhcp"}, "0 BC:24:11:00:00:01 1500 [ip6=dhcp]"},
		{"addresses", pve.Options{"net0": "virtio=BC:24:11:00:00:01", "ipconfig0": "ip=10.1.0.5/24,gw=10.1.0.1,ip6=2001:db8::5/64,gw6=2001:db8::1"}, "0 BC:24:11:00:00:01 1500 [gw=10.1.0.1,gw6=2001:db8::1,ip=10.1.0.5/24,ip6=2001:db8::5/64]"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			all, err := network.Interfaces(row.of, bridges())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range all {
				got = append(got, fmt.Sprintf("%d %s %d [%s]", i.Number, i.MAC, i.MTU, i.Config()))
			}
			if text := strings.Join(got, "; "); text != row.want {
				t.Errorf("got %s, want %s", text, row.want)
			}
		})
	}
	if _, err := network.Interfaces(pve.Options{}, nil); !errors.Is(err, network.ErrNoDevice) {
		t.Errorf("got %v", err)
	}
	if _, err := network.Interfaces(pve.Options{"net0": "virtio", "ipconfig0": "ip=10.1.0.5,gw=x"}, nil); err == nil || !strings.Contains(err.Error(), "net0") {
		t.Errorf("got %v", err)
	}
}

// PVE-082: an address that all machines would share.
func TestCheckTemplate(t *testing.T) {
	for text, shared := range map[string]bool{"ip=10.1.0.0/24": false, "ip=10.1.0.5/24": true, "ip=dhcp": false, "ip6=2001:db8::5/64": false, "": false} {
		all, err := network.Interfaces(pve.Options{"net0": "virtio=BC:24:11:00:00:01", "ipconfig0": text}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := network.CheckTemplate(all); (err != nil) != shared {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// PVE-085: addresses that follow from the MAC address.
func TestSLAAC(t *testing.T) {
	for of, want := range map[string]string{
		"2001:db8:1::/64":      "2001:db8:1:0:21a:2bff:fe3c:4d5e/64",
		"2001:db8:1:2:3::/80":  "2001:db8:1:2:3:2bff:fe3c:4d5e/80",
		"2001:db8:1:2:3::/112": "2001:db8:1:2:3::4d5e/112",
		"2001:db8::/48":        "2001:db8::21a:2bff:fe3c:4d5e/48",
	} {
		if got, err := network.SLAAC(netip.MustParsePrefix(of), "00:1A:2B:3C:4D:5E"); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v, want %s", of, got, err, want)
		}
	}
	for of, mac := range map[string]string{"2001:db8::/120": "00:1A:2B:3C:4D:5E", "10.0.0.0/8": "00:1A:2B:3C:4D:5E", "2001:db8::/64": "00:1A"} {
		if got, err := network.SLAAC(netip.MustParsePrefix(of), mac); err == nil {
			t.Errorf("%s for %s: %s", of, mac, got)
		}
	}
}

func pool(text, gateway string) network.Interface {
	i := network.Interface{Address4: netip.MustParsePrefix(text), MAC: "BC:24:11:00:00:01"}
	if gateway != "" {
		i.Gateway4 = netip.MustParseAddr(gateway)
	}
	return i
}

// PVE-081, PVE-083: which address of a pool a machine gets.
func TestAllocate(t *testing.T) {
	for _, row := range []struct {
		reason, pool, gateway, bridge, taken, want string
	}{
		{"the first", "10.1.0.0/24", "", "", "", "10.1.0.1/24 via invalid IP"},
		{"not the gateway", "10.1.0.0/24", "10.1.0.1", "", "", "10.1.0.2/24 via 10.1.0.1"},
		{"not what is taken", "10.1.0.0/24", "", "", "10.1.0.1 10.1.0.2", "10.1.0.3/24 via invalid IP"},
		{"from the bridge on, by which it goes", "10.1.0.0/16", "", "10.1.3.1/24", "10.1.3.1", "10.1.3.2/16 via 10.1.3.1"},
		{"a gateway that is given", "10.1.0.0/16", "10.1.0.1", "10.1.3.1/24", "10.1.3.1", "10.1.3.2/16 via 10.1.0.1"},
		{"a bridge of a larger network", "10.1.0.0/24", "", "10.1.0.7/16", "", "10.1.0.1/24 via invalid IP"},
		{"a bridge elsewhere", "10.1.0.0/24", "", "10.2.0.1/24", "", "10.1.0.1/24 via invalid IP"},
		{"the search begins anew", "10.1.0.0/29", "", "10.1.0.5/29", "10.1.0.5 10.1.0.6", "10.1.0.1/29 via 10.1.0.5"},
		{"a full pool", "10.1.0.0/30", "", "", "10.1.0.1 10.1.0.2", "no free address"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			b := network.NewBook()
			for text := range strings.FieldsSeq(row.taken) {
				b.Hold(text, netip.MustParseAddr(text))
			}
			b.Ready()
			on := network.Bridge{}
			if row.bridge != "" {
				on.Address4 = netip.MustParsePrefix(row.bridge)
			}
			got, err := b.Allocate("m", pool(row.pool, row.gateway), on)
			text := fmt.Sprintf("%s via %s", got.Address4, got.Gateway4)
			if err != nil {
				text = err.Error()
			}
			if !strings.Contains(text, row.want) || (err != nil) != errors.Is(err, network.ErrFull) {
				t.Errorf("got %s, want %s", text, row.want)
			}
		})
	}
}

// PVE-084, PVE-202: what is given back is free, and nothing is given before all is known.
func TestBook(t *testing.T) {
	b := network.NewBook()
	if _, err := b.Allocate("m", pool("10.1.0.0/24", ""), network.Bridge{}); !errors.Is(err, network.ErrNotReady) {
		t.Errorf("got %v", err)
	}
	b.Ready()
	next := func(holder string) string {
		t.Helper()
		i, err := b.Allocate(holder, pool("10.1.0.0/24", ""), network.Bridge{})
		if err != nil {
			t.Fatal(err)
		}
		return i.Address4.Addr().String()
	}
	if one, two := next("a"), next("b"); one != "10.1.0.1" || two != "10.1.0.2" {
		t.Errorf("got %s, %s", one, two)
	}
	b.Hold("node", netip.MustParseAddr("::ffff:10.1.0.1")) // the Node of a's machine
	b.Release("a")
	if got := next("c"); got != "10.1.0.3" {
		t.Errorf("an address that a Node has is given: %s", got)
	}
	b.Hold("node")
	if got := next("d"); got != "10.1.0.1" {
		t.Errorf("got %s", got)
	}
	fixed := network.Interface{Address4: netip.MustParsePrefix("10.1.0.77/24"), Address6: netip.MustParsePrefix("2001:db8::/64"), MAC: "00:1A:2B:3C:4D:5E"}
	got, err := b.Allocate("e", fixed, network.Bridge{})
	if err != nil || got.Address4 != fixed.Address4 || got.Address6.String() != "2001:db8::21a:2bff:fe3c:4d5e/64" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// PVE-203: concurrent launches get addresses of their own.
func TestConcurrentAllocate(t *testing.T) {
	b := network.NewBook()
	b.Ready()
	var given sync.Map
	var wait sync.WaitGroup
	for n := range 50 {
		wait.Go(func() {
			i, err := b.Allocate(fmt.Sprint(n), pool("10.1.0.0/26", ""), network.Bridge{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, twice := given.LoadOrStore(i.Address4, n); twice {
				t.Errorf("%s is given twice", i.Address4)
			}
		})
	}
	wait.Wait()
}
