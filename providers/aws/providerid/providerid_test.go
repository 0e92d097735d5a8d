// SPDX-License-Identifier: Apache-2.0

package providerid_test

import (
	"errors"
	"testing"

	"karpenter.sh/providers/aws/providerid"
)

// AWS-320, CP-025
func TestParse(t *testing.T) {
	for text, want := range map[string]providerid.Parsed{
		"aws:///us-west-2a/i-0123456789abcdef0":   {Zone: "us-west-2a", InstanceID: "i-0123456789abcdef0"},
		providerid.New("us-west-2-lax-1a", "i-2"): {Zone: "us-west-2-lax-1a", InstanceID: "i-2"},
		"":                              {},
		"i-1":                           {},
		"cloud:///z/i-1":                {},
		"kwok:///zone/i-12":             {},
		"aws://us-west-2a/i-1":          {},
		"aws:///us-west-2a":             {},
		"aws:///us-west-2a/":            {},
		"aws:////i-1":                   {},
		"aws:///us-west-2a/fargate/i-1": {},
		"aws:///us-west-2a/vm-1":        {},
		"aws:///us-west-2a/i-1\n":       {},
		"/aws:///us-west-2a/i-1":        {},
		":///us-west-2a/i-1":            {},
	} {
		got, err := providerid.Parse(text)
		foreign := &providerid.ForeignError{}
		if got != want || errors.As(err, &foreign) == (want != providerid.Parsed{}) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
		if id, _ := providerid.InstanceID(text); id != want.InstanceID {
			t.Errorf("%q: got %q", text, id)
		}
	}
}
