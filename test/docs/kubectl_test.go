// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"karpenter.sh/core/testkit/testserver"
)

// kubectl runs the commands of each page for kubectl, in their order, against a server
// that has what the pages speak of.
func kubectl(t *testing.T, server *envtest.Environment) {
	bin, err := filepath.Abs(os.Getenv(testserver.Assets))
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(config, server.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, text string) {
		t.Helper()
		shell := exec.CommandContext(t.Context(), "bash", "-c", text)
		shell.Dir = root
		shell.Env = append(os.Environ(), "KUBECONFIG="+config, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
		if out, err := shell.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", text, err, out)
		}
	}
	names, pages := guidePages(t)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			run(t, "kubectl apply -f core/docs/examples/hello.yaml -f test/docs/testdata/objects.yaml")
			for _, c := range commands(name, pages[name]) {
				if c.program() == "kubectl" && !c.excused() {
					// Without its end, which only a person would wait for.
					run(t, strings.ReplaceAll(strings.TrimPrefix(c.text, "bin/"), " --watch", ""))
				}
			}
		})
	}
}
