// SPDX-License-Identifier: Apache-2.0

package template

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"regexp"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/network"
)

// Recipe is a template in a region.
type Recipe struct {
	// Name is that of the object and of its machines.
	Name string
	Spec v1alpha1.ProxmoxTemplateSpec
	// Hash is that of what the machines are made from.
	Hash string
	// Cluster is the identity of the Kubernetes cluster.
	Cluster string
	// ImageStorage holds the image, DiskStorage the disks.
	ImageStorage, DiskStorage string
}

// defaultDescription is the text of machines without one.
const defaultDescription = "The virtual machine managed by Karpenter, do not delete it."

var deviceName = regexp.MustCompile(`^net[0-5]$`)

// Validate refuses what admission cannot tell (PVE-025, PVE-082). The error names the
// field.
func (r Recipe) Validate() error {
	var problems []error
	if r.Spec.SourceImage == nil {
		problems = append(problems, errors.New("spec.sourceImage: it is needed"))
	}
	seen := map[string]bool{}
	for i, n := range r.Spec.Network {
		field := fmt.Sprintf("spec.network[%d]", i)
		name := deviceOf(i, n)
		if !deviceName.MatchString(name) {
			problems = append(problems, fmt.Errorf("%s.name: want net0 to net5, not %q", field, n.Name))
		}
		if seen[name] {
			problems = append(problems, fmt.Errorf("%s.name: there are two of %s", field, name))
		}
		seen[name] = true
		problems = append(problems, checkNetwork(field+".address4", n.Address4), checkGateway(field+".gateway4", n.Gateway4), checkGateway(field+".gateway6", n.Gateway6))
		if n.Address6 != "" {
			if _, err := netip.ParsePrefix(n.Address6); err != nil {
				problems = append(problems, fmt.Errorf("%s.address6: %w", field, err))
			}
		}
	}
	return errors.Join(problems...)
}

// checkNetwork refuses an address that all machines would share.
func checkNetwork(field, text string) error {
	if text == "" {
		return nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	if !network.IsPool(prefix) {
		return fmt.Errorf("%s: %s would be the address of all machines: give its network, %s", field, prefix, prefix.Masked())
	}
	return nil
}

func checkGateway(field, text string) error {
	if text == "" {
		return nil
	}
	if _, err := netip.ParseAddr(text); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return nil
}

// deviceOf is the device of a network: its name, else its place.
func deviceOf(at int, n v1alpha1.Network) string { return cmp.Or(n.Name, fmt.Sprintf("net%d", at)) }
