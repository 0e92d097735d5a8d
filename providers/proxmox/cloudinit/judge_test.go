// SPDX-License-Identifier: Apache-2.0

package cloudinit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"karpenter.sh/providers/proxmox/cloudinit"
)

// PVE-094: cloud-init itself judges the default user data, where it is installed.
func TestJudge(t *testing.T) {
	judge, err := exec.LookPath("cloud-init")
	if err != nil {
		t.Skip("cloud-init is not on the PATH")
	}
	bare := data()
	bare.Values, bare.Resources.Hugepages2Mi = nil, 0
	for reason, d := range map[string]cloudinit.Data{"with everything": data(), "with nothing": bare} {
		files, err := cloudinit.Render(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "user-data")
		if err := os.WriteFile(path, files[cloudinit.UserData], 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), judge, "schema", "--config-file", path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s\n%s", reason, err, out, files[cloudinit.UserData])
		}
	}
}
