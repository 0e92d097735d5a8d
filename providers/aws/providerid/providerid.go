// SPDX-License-Identifier: Apache-2.0

// Package providerid reads and writes the provider IDs of machines:
// aws:///<zone>/<instance ID>.
//
// It knows the form and nothing else, and imports nothing of the provider.
package providerid

import (
	"fmt"
	"regexp"
)

// New returns the provider ID of an instance (AWS-295).
func New(zone, instanceID string) string { return "aws:///" + zone + "/" + instanceID }

// Parsed is what a provider ID says.
type Parsed struct{ Zone, InstanceID string }

// form is what EC2's cloud provider gives to Nodes. Nodes of other clouds, and of
// Fargate, have others.
var form = regexp.MustCompile(`^aws:///([^:/]+)/(i-[0-9a-z]+)$`)

// ForeignError says that a provider ID is none that this provider issues (CP-025).
type ForeignError struct{ ProviderID string }

// Error names the provider ID, and the form that is wanted.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("provider ID %q: want aws:///<zone>/<instance ID>", e.ProviderID)
}

// Parse reads a provider ID. The error is a *ForeignError (AWS-320).
func Parse(providerID string) (Parsed, error) {
	m := form.FindStringSubmatch(providerID)
	if m == nil {
		return Parsed{}, &ForeignError{providerID}
	}
	return Parsed{Zone: m[1], InstanceID: m[2]}, nil
}

// InstanceID is that of a provider ID. The error is a *ForeignError.
func InstanceID(providerID string) (string, error) {
	parsed, err := Parse(providerID)
	return parsed.InstanceID, err
}
