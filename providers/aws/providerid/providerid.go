// SPDX-License-Identifier: Apache-2.0

// Package providerid reads the provider IDs of machines: aws:///<zone>/<instance ID>.
//
// It knows the form and nothing else, and imports nothing of the provider.
package providerid

import (
	"fmt"
	"strings"
)

// Provider is the first part of the provider IDs of AWS.
const Provider = "aws"

// New returns the provider ID of an instance.
func New(zone, instanceID string) string { return Provider + ":///" + zone + "/" + instanceID }

// InstanceID is the text after the last slash of a provider ID of the form
// <provider>:///<zone>/<id>. Any other form is an error (AWS-320).
func InstanceID(providerID string) (string, error) {
	provider, path, found := strings.Cut(providerID, ":///")
	zone, id, whole := strings.Cut(path, "/")
	if !found || !whole || provider == "" || zone == "" || id == "" || strings.ContainsAny(provider+id, ":/") {
		return "", fmt.Errorf("provider ID %q: want <provider>:///<zone>/<id>", providerID)
	}
	return id, nil
}
