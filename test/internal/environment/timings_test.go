// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"karpenter.sh/test/internal/environment"
)

// OPS-269: what ran, and for how long.
func TestWriteTimings(t *testing.T) {
	gomega.RegisterTestingT(t)
	dir := filepath.Join(t.TempDir(), "new")
	environment.WriteTimings(dir, types.Report{SpecReports: types.SpecReports{
		{LeafNodeType: types.NodeTypeIt, LeafNodeText: "moves, and rests", State: types.SpecStatePassed, RunTime: 1500 * time.Millisecond},
		{LeafNodeType: types.NodeTypeIt, LeafNodeText: "was left out", State: types.SpecStateSkipped},
		{LeafNodeType: types.NodeTypeBeforeSuite, State: types.SpecStatePassed, RunTime: time.Second},
	}})
	got, err := os.ReadFile(filepath.Join(dir, "timings.csv"))
	if want := "spec,state,seconds\n\"moves, and rests\",passed,1.500\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	environment.WriteTimings("", types.Report{}) // nowhere
}
