// SPDX-License-Identifier: Apache-2.0

// Command karpenter-aws is Karpenter for AWS: the core with the provider whose machines
// are EC2 instances.
package main

import (
	"context"

	"karpenter.sh/core/operator"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/options"
	"karpenter.sh/providers/aws/wiring"
)

// version is stamped by the build: -ldflags "-X main.version=1.2.3".
var version string //nolint:gochecknoglobals // the linker sets it

func main() {
	var o options.Options
	operator.Main(operator.Config{
		Name:           "karpenter-aws",
		Version:        version,
		AddToScheme:    v1.AddToScheme,
		DeclareOptions: o.Declare,
		NewProvider: func(ctx context.Context, s operator.Setup) (operator.Provider, error) {
			return wiring.Start(ctx, version, o, s)
		},
	})
}
