// SPDX-License-Identifier: Apache-2.0

// Command karpenter-kwok is Karpenter for fake nodes: the core with the provider
// whose machines are Node objects.
//
// main.go says what the binary is made of, provider.go what the provider is.
package main

import (
	"context"

	"karpenter.sh/core/operator"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/options"
)

// version is stamped by the build: -ldflags "-X main.version=1.2.3".
var version string //nolint:gochecknoglobals // the linker sets it

func main() {
	var o options.Options
	operator.Main(operator.Config{
		Name:           "karpenter-kwok",
		Version:        version,
		AddToScheme:    v1alpha1.AddToScheme,
		DeclareOptions: o.Declare,
		NewProvider: func(_ context.Context, s operator.Setup) (operator.Provider, error) {
			return newProvider(o, s)
		},
	})
}
