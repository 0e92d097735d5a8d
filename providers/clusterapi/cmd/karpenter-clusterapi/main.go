// SPDX-License-Identifier: Apache-2.0

// Command karpenter-clusterapi is Karpenter for Cluster API: the core with the provider
// whose machines are Machines of MachineDeployments.
package main

import (
	"context"

	"karpenter.sh/core/operator"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/options"
	"karpenter.sh/providers/clusterapi/wiring"
)

// version is stamped by the build: -ldflags "-X main.version=1.2.3".
var version string //nolint:gochecknoglobals // the linker sets it

func main() {
	var o options.Options
	operator.Main(operator.Config{
		Name:           "karpenter-clusterapi",
		Version:        version,
		AddToScheme:    v1alpha1.AddToScheme,
		DeclareOptions: o.Declare,
		NewProvider: func(ctx context.Context, s operator.Setup) (operator.Provider, error) {
			return wiring.Start(ctx, o, s)
		},
	})
}
