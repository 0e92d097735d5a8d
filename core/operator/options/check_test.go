// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"testing"

	"karpenter.sh/core/operator/options"
)

func TestAbsoluteURL(t *testing.T) {
	for text, valid := range map[string]bool{
		"": true, "https://host": true, "https://host:6443/path": true, "http://[::1]:1": true,
		"host": false, "/path": false, "https://": false, "https://:6443": false, "https:host": false, "https://a b": false,
	} {
		if err := options.AbsoluteURL(text); (err == nil) != valid {
			t.Errorf("%q: %v", text, err)
		}
	}
}
