// SPDX-License-Identifier: Apache-2.0

package hostport_test

import (
	"testing"

	"karpenter.sh/core/engine/hostport"
)

// LIF-036, SCH-100
func TestConflicts(t *testing.T) {
	base := hostport.Port{IP: "10.0.0.1", Number: 80, Protocol: "TCP"}
	for _, tc := range []struct {
		why   string
		other hostport.Port
		want  bool
	}{
		{"the same", base, true},
		{"another address", hostport.Port{IP: "10.0.0.2", Number: 80, Protocol: "TCP"}, false},
		{"every IPv4 address", hostport.Port{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}, true},
		{"every IPv6 address", hostport.Port{IP: "::", Number: 80, Protocol: "TCP"}, true},
		{"another protocol", hostport.Port{IP: "10.0.0.1", Number: 80, Protocol: "UDP"}, false},
		{"another port", hostport.Port{IP: "0.0.0.0", Number: 81, Protocol: "TCP"}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if base.Conflicts(tc.other) != tc.want || tc.other.Conflicts(base) != tc.want {
				t.Errorf("want %t", tc.want)
			}
			if got := (hostport.Ports{base}).Conflict(hostport.Ports{tc.other}); got != tc.want {
				t.Errorf("as lists: want %t", tc.want)
			}
		})
	}
}
