// SPDX-License-Identifier: Apache-2.0

package localcluster_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"karpenter.sh/tools/internal/localcluster"
)

// OPS-360: a Deployment finds the simulated clusters by the file that a process gets, in the
// Secret that the chart mounts it from.
func TestKindWithProxmox(t *testing.T) {
	opts := kindRoot(t, "proxmox")
	up(t, opts)
	content, err := os.ReadFile(filepath.Join(opts.Dir(), "input", "objects.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Items []struct{ StringData map[string]string }
	}
	if err := json.Unmarshal(content, &list); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"SSL_CERT_FILE": "/etc/cloudsim/ca.pem", "ca.pem": "authority", "cloud.yaml": "clusters"}
	if diff := cmp.Diff(want, list.Items[1].StringData); diff != "" {
		t.Error(diff)
	}
	text, err := localcluster.Values("mine", "proxmox", os.LookupEnv, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"existingConfigSecret": "cloudsim"`, `"existingConfigSecretKey": "cloud.yaml"`, `"clusterName": "mine"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}
