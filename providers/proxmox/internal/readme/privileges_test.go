// SPDX-License-Identifier: Apache-2.0

package readme_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"karpenter.sh/test/cloudsim/proxmox"
)

// PVE-111: the privileges that users are told to grant are those that the end-to-end suite
// runs with.
func TestPrivileges(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	told := regexp.MustCompile(`pveum role add Karpenter --privs "([^"]+)"`).FindSubmatch(page)
	if told == nil {
		t.Fatal("the page has no role")
	}
	got, want := strings.Fields(string(told[1])), slices.Clone(proxmox.Privileges())
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
