// SPDX-License-Identifier: Apache-2.0

package taint_test

import (
	"testing"

	"karpenter.sh/core/engine/taint"
)

// SCH-090
func TestTolerates(t *testing.T) {
	five := taint.Taint{Key: "k", Value: "5", Effect: taint.NoSchedule}
	for _, tc := range []struct {
		why        string
		toleration taint.Toleration
		want       bool
	}{
		{"equal key and value", taint.Toleration{Key: "k", Value: "5"}, true},
		{"Equal is the default", taint.Toleration{Key: "k", Operator: taint.TolerateEqual, Value: "5"}, true},
		{"another value", taint.Toleration{Key: "k", Value: "6"}, false},
		{"another key", taint.Toleration{Key: "x", Value: "5"}, false},
		{"another effect", taint.Toleration{Key: "k", Value: "5", Effect: taint.NoExecute}, false},
		{"Exists ignores the value", taint.Toleration{Key: "k", Operator: taint.TolerateExists, Value: "x"}, true},
		{"Exists without a key tolerates all", taint.Toleration{Operator: taint.TolerateExists}, true},
		{"Equal without a key tolerates nothing", taint.Toleration{Value: "5"}, false},
		{"the taint is less", taint.Toleration{Key: "k", Operator: taint.TolerateLt, Value: "6"}, true},
		{"the taint is not less", taint.Toleration{Key: "k", Operator: taint.TolerateLt, Value: "5"}, false},
		{"the taint is greater", taint.Toleration{Key: "k", Operator: taint.TolerateGt, Value: "4"}, true},
		{"not an integer", taint.Toleration{Key: "k", Operator: taint.TolerateGt, Value: "x"}, false},
		{"unknown operator", taint.Toleration{Key: "k", Operator: "Near", Value: "5"}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := tc.toleration.Tolerates(five); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// SCH-090, SCH-183: every taint must be tolerated, soft ones until they are
// given up.
func TestUntolerated(t *testing.T) {
	soft, hard := taint.Taint{Key: "s", Effect: taint.PreferNoSchedule}, taint.Taint{Key: "h", Effect: taint.NoExecute}
	if got, repelled := (taint.Tolerations{}).Untolerated([]taint.Taint{soft, hard}, false); !repelled || got != soft {
		t.Errorf("got %v, %v", got, repelled)
	}
	if got, repelled := (taint.Tolerations{}).Untolerated([]taint.Taint{soft, hard}, true); !repelled || got != hard {
		t.Errorf("got %v, %v", got, repelled)
	}
	if _, repelled := (taint.Tolerations{{Key: "h", Operator: taint.TolerateExists}}).Untolerated([]taint.Taint{soft, hard}, true); repelled {
		t.Error("all is tolerated or given up")
	}
}
