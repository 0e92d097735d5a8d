// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// Network is how pods reach a program on this machine.
type Network struct {
	// Listen is the address that the program has to listen on, Host the name by which
	// pods know this machine. Both empty: there are no pods, and loopback does.
	Listen, Host string
}

// dockerHost is this machine, to containers of a Docker that runs in a virtual machine.
const dockerHost = "host.docker.internal"

// Reachable decides how pods of kind reach this machine: by the gateway of kind's network
// if that is an address here, and nobody else's business; else Docker runs in a virtual
// machine, which has a name for this one and leads to its loopback.
func Reachable(gateways []string, here func(address string) bool) Network {
	for _, gateway := range gateways {
		if ip, err := netip.ParseAddr(gateway); err == nil && ip.Is4() && here(gateway) {
			return Network{Listen: gateway, Host: gateway}
		}
	}
	return Network{Listen: loopback, Host: dockerHost}
}

// cloudNetwork is where Karpenter is that asks a simulated cloud.
func cloudNetwork(ctx context.Context, runtime string) (Network, error) {
	if runtime != RuntimeKind {
		return Network{}, nil
	}
	gateways, err := docker(ctx, "network", "inspect", "kind", "--format", "{{range .IPAM.Config}}{{.Gateway}} {{end}}")
	if err != nil {
		return Network{}, fmt.Errorf("look at the network of kind: %w", err)
	}
	return Reachable(strings.Fields(gateways), func(address string) bool {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(address, "0"))
		return err == nil && listener.Close() == nil
	}), nil
}

func (n Network) args() []string {
	if n.Listen == "" {
		return nil
	}
	return []string{"-listen", n.Listen, "-host", n.Host}
}
