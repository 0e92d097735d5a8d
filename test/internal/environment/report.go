// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/onsi/ginkgo/v2"
)

// longestName is how long the name of a file with a report may be, without its end.
const longestName = 100

// unfit is what names of files do without.
var unfit = regexp.MustCompile(`[^A-Za-z0-9]+`)

// Report writes the state of the cluster to the output of the spec that runs, and to a file
// in OUTPUT_DIR if that is set. The file has the name of the spec, and a suffix where a
// spec has several. What a suite knows beside comes first.
func (e *Environment) Report(ctx context.Context, suffix string, beside ...func(context.Context, io.Writer)) {
	var report bytes.Buffer
	for _, more := range beside {
		more(ctx, &report)
	}
	e.Explain(ctx, &report)
	_, _ = ginkgo.GinkgoWriter.Write(report.Bytes()) // it keeps all in memory
	if dir := os.Getenv("OUTPUT_DIR"); dir != "" {
		name := unfit.ReplaceAllString(ginkgo.CurrentSpecReport().FullText(), "-")
		if err := writeReport(filepath.Join(dir, name[:min(len(name), longestName)]+suffix+".txt"), report.Bytes()); err != nil {
			ginkgo.GinkgoWriter.Println("no file is written:", err)
		}
	}
}

func writeReport(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
