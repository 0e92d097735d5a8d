// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"
)

// WriteTimings writes timings.csv into a directory: how long each spec of a suite took
// that ran, and how it ended (OPS-269). Without a directory it does nothing.
func WriteTimings(dir string, r types.Report) {
	if dir == "" {
		return
	}
	gomega.ExpectWithOffset(1, writeTimings(filepath.Join(dir, "timings.csv"), r.SpecReports)).To(gomega.Succeed())
}

func writeTimings(path string, specs types.SpecReports) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write timings: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write timings: %w", err)
	}
	table := csv.NewWriter(file)
	rows := [][]string{{"spec", "state", "seconds"}}
	for _, s := range specs {
		if s.LeafNodeType == types.NodeTypeIt && s.RunTime > 0 {
			rows = append(rows, []string{s.FullText(), s.State.String(), strconv.FormatFloat(s.RunTime.Seconds(), 'f', 3, 64)})
		}
	}
	if err := table.WriteAll(rows); err != nil {
		_ = file.Close()
		return fmt.Errorf("write timings: %w", err)
	}
	return file.Close()
}
