// SPDX-License-Identifier: Apache-2.0

package testserver_test

import (
	"testing"

	"karpenter.sh/core/testkit/testserver"
)

// spy notes how a test would end.
type spy struct {
	testing.TB
	end string
}

func (s *spy) Helper()      {}
func (s *spy) Fatal(...any) { s.end = "fails" }
func (s *spy) Skip(...any)  { s.end += "skipped" }

func TestNeed(t *testing.T) {
	for _, tt := range []struct{ why, assets, ci, end string }{
		{"with binaries", "/bin", "", ""},
		{"with binaries in continuous integration", "/bin", "true", ""},
		{"without", "", "", "skipped"},
		{"without in continuous integration", "", "true", "failsskipped"}, // a real Fatal does not return
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Setenv(testserver.Assets, tt.assets)
			t.Setenv(testserver.CI, tt.ci)
			s := &spy{}
			testserver.Need(s)
			if s.end != tt.end {
				t.Errorf("it %s, want %s", s.end, tt.end)
			}
		})
	}
}
