// SPDX-License-Identifier: Apache-2.0

package providerid_test

import (
	"testing"

	"karpenter.sh/providers/aws/providerid"
)

// AWS-320
func TestInstanceID(t *testing.T) {
	for text, want := range map[string]string{
		"aws:///us-west-2a/i-0123456789abcdef0": "i-0123456789abcdef0",
		"cloud:///z/i-1":                        "i-1",
		providerid.New("us-west-2b", "i-2"):     "i-2",
		"":                                      "",
		"i-1":                                   "",
		"aws://us-west-2a/i-1":                  "",
		"aws:///us-west-2a":                     "",
		"aws:///us-west-2a/":                    "",
		"aws:////i-1":                           "",
		"aws:///us-west-2a/fargate/i-1":         "",
		"/aws:///us-west-2a/i-1":                "",
		":///us-west-2a/i-1":                    "",
	} {
		got, err := providerid.InstanceID(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}
