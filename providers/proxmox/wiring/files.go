// SPDX-License-Identifier: Apache-2.0

package wiring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"

	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/providers/proxmox/cloudconfig"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/topology"
)

// clients call the regions of the cloud config (PVE-010, PVE-011).
func clients(file string, c clock.Clock) (map[string]*pve.Client, error) {
	config, err := readCloudConfig(file)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*pve.Client, len(config.Clusters))
	for _, cluster := range config.Clusters {
		out[cluster.Region] = pve.New(pve.Connection{
			URL: cluster.URL, Insecure: cluster.Insecure, Clock: c,
			Credentials: func() (pve.Credentials, error) { return latest(file, cluster).Credentials() },
		})
	}
	return out, nil
}

func readCloudConfig(file string) (cloudconfig.Config, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return cloudconfig.Config{}, fmt.Errorf("reading the cloud config: %w", err)
	}
	config, err := cloudconfig.Parse(data)
	if err != nil {
		return cloudconfig.Config{}, fmt.Errorf("cloud config %s: %w", file, err)
	}
	return config, nil
}

// latest is a cluster as the file has it now, for its credentials; as it was, if the file
// cannot be used.
func latest(file string, cluster cloudconfig.Cluster) cloudconfig.Cluster {
	config, err := readCloudConfig(file)
	if err != nil {
		return cluster
	}
	at := slices.IndexFunc(config.Clusters, func(c cloudconfig.Cluster) bool { return c.Region == cluster.Region })
	if at < 0 {
		return cluster
	}
	return config.Clusters[at]
}

// shapes are the kinds of machines of a file, or the built-in ones (PVE-040).
func shapes(file string, c clock.PassiveClock) *catalogue.Store[instancetype.Shape] {
	return catalogue.NewStore(catalogue.StoreOptions[instancetype.Shape]{
		Name: "instance types", Clock: c,
		Load: func(context.Context) ([]instancetype.Shape, error) {
			if file == "" {
				return instancetype.BuiltIn(), nil
			}
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("reading the file of instance types: %w", err)
			}
			return instancetype.Parse(data)
		},
		Merge: func(known, loaded []instancetype.Shape) ([]instancetype.Shape, bool) {
			if slices.EqualFunc(known, loaded, instancetype.Shape.Equal) {
				return known, false
			}
			return loaded, true
		},
	})
}

// HostSettings are those of a file for hosts, as they were when it was last right (PVE-052).
type HostSettings struct {
	file    string
	current atomic.Pointer[topology.Settings]
}

// Current are the settings; nil: there are none.
func (h *HostSettings) Current() topology.Settings {
	if now := h.current.Load(); now != nil {
		return *now
	}
	return nil
}

// Refresh reads the file anew. After an error what was there stays.
func (h *HostSettings) Refresh() error {
	if h.file == "" {
		return nil
	}
	data, err := os.ReadFile(h.file)
	if err != nil {
		return fmt.Errorf("reading the settings of hosts: %w", err)
	}
	settings, err := topology.ParseSettings(data)
	if err != nil {
		return fmt.Errorf("file %s: %w", h.file, err)
	}
	h.current.Store(&settings)
	return nil
}

// RefreshFiles reads the files of instance types and hosts anew. After an error what was
// there stays.
func (p *Parts) RefreshFiles(ctx context.Context) error {
	return errors.Join(p.Shapes.Refresh(ctx), p.Hosts.Refresh())
}
