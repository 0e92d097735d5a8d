// SPDX-License-Identifier: Apache-2.0

// Command karpenter-proxmox is Karpenter for Proxmox VE: the core with the provider whose
// machines are virtual machines of Proxmox VE clusters.
package main

import (
	"context"

	"karpenter.sh/core/operator"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/options"
	"karpenter.sh/providers/proxmox/wiring"
)

// version is stamped by the build: -ldflags "-X main.version=1.2.3".
var version string //nolint:gochecknoglobals // the linker sets it

func main() {
	var o options.Options
	operator.Main(operator.Config{
		Name:           "karpenter-proxmox",
		Version:        version,
		AddToScheme:    v1alpha1.AddToScheme,
		DeclareOptions: o.Declare,
		NewProvider: func(ctx context.Context, s operator.Setup) (operator.Provider, error) {
			return wiring.Start(ctx, o, s)
		},
	})
}
