// SPDX-License-Identifier: Apache-2.0

package launch_test

import (
	"slices"
	"strings"
	"testing"

	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

// PVE-090, PVE-100: media go to a storage that answers, and one that does not keeps no
// machine from being ended.
func TestSilentStorage(t *testing.T) {
	const silent = "away" // the first of the list
	target := launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}
	for what, tc := range map[string]struct {
		before, after bool // whether it is silent before and after the launch
		fails         bool // whether it answers that it cannot
		want          string
	}{
		"from the start": {before: true, after: true, want: "local"},
		"later":          {after: true, want: silent},
		"it fails":       {before: true, fails: true, want: "local"},
	} {
		t.Run(what, func(t *testing.T) {
			w := start(t, false, func(o *proxmox.Options) {
				r := &o.Setup.Regions[0]
				r.Storages = append(r.Storages, proxmox.Storage{Name: silent, Type: "nfs", Shared: true, Content: []string{"iso"}, GiB: 10})
			})
			w.silence(silent, tc.before)
			if _, err := w.Launch(t.Context(), order()); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(w.machines()[0].Options["ide2"], tc.want+":iso/") {
				t.Errorf("got %+v", w.machines())
			}
			w.silence(silent, tc.after)
			if tc.fails {
				w.Cloud.Faults().Add(fault.Rule{Call: "GET *content", Match: map[string]string{"storage": silent}, Error: &fault.Failure{Code: "x", Message: "mount error"}})
			}
			if err := w.Delete(t.Context(), target); err != nil || len(w.machines()) > 0 {
				t.Errorf("%v; %+v", err, w.machines())
			}
			volumes, err := w.Cloud.Volumes(simtest.Region)
			if medium := slices.ContainsFunc(volumes, func(id string) bool { return strings.Contains(id, ":iso/") }); err != nil || medium != (tc.want == silent) {
				t.Errorf("left %v, %v", volumes, err)
			}
		})
	}
}

func (w *world) silence(storage string, silent bool) {
	w.t.Helper()
	if err := w.Cloud.SetStorageInactive(simtest.Region, storage, silent); err != nil {
		w.t.Fatal(err)
	}
}

// PVE-090: clusters that share a storage, and count from the same ID, leave each other's
// media alone, also those of before names told them apart.
func TestSharedMedia(t *testing.T) {
	w := start(t, false, func(o *proxmox.Options) {
		o.Setup.Regions[0].Storages[0].Shared = true
	})
	for _, theirs := range []string{"user-data-20000.iso", "user-data-20000-u2.iso"} {
		if err := w.Clients[simtest.Region].UploadISO(t.Context(), "pve1", "local", theirs, []byte("theirs")); err != nil {
			t.Fatal(err)
		}
	}
	before := w.left()
	if _, err := w.Launch(t.Context(), order()); err != nil {
		t.Fatal(err)
	}
	for _, theirs := range []string{"user-data-20000.iso", "user-data-20000-u2.iso"} {
		if content, err := w.Cloud.File(simtest.Region, "pve1", "local:iso/"+theirs); err != nil || string(content) != "theirs" {
			t.Errorf("%s: %d bytes, %v", theirs, len(content), err)
		}
	}
	if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}); err != nil {
		t.Fatal(err)
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
}
