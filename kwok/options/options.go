// SPDX-License-Identifier: Apache-2.0

// Package options holds the settings that the provider of fake nodes adds to the
// core's (section 2 of its specification). It decides names and defaults only.
package options

import "karpenter.sh/core/operator/options"

// Options are the provider's settings.
type Options struct {
	// InstanceTypesFilePath is the catalogue; empty means the embedded one.
	InstanceTypesFilePath string
	// EnableFailureInjection makes annotations on a KWOKNodeClass provoke
	// failures (KWOK-039); false by default.
	EnableFailureInjection bool
}

// Declare adds the settings to the flags of a binary.
func (o *Options) Declare(s *options.Set) {
	s.String(&o.InstanceTypesFilePath, options.Option[string]{
		Name: "instance-types-file-path", Env: "INSTANCE_TYPES_FILE_PATH",
		Usage: "JSON or YAML file with the instance types. Empty means the embedded ones.",
	})
	s.Bool(&o.EnableFailureInjection, options.Option[bool]{
		Name: "enable-failure-injection", Env: "ENABLE_FAILURE_INJECTION",
		Usage: "Let annotations karpenter.kwok.sh/inject-... on a KWOKNodeClass provoke failures.",
	})
}
