// SPDX-License-Identifier: Apache-2.0

package launch_test

import (
	"errors"
	"testing"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/network"
)

// PVE-100, PVE-101, PVE-206: machines are ended where they are, and strangers left alone.
func TestDelete(t *testing.T) {
	w := start(t, false, nil)
	before := w.left()
	made, err := w.Launch(t.Context(), order())
	if err != nil {
		t.Fatal(err)
	}
	target := launch.Target{Region: simtest.Region, ID: made.ID, Name: "n1", UID: "u1"}
	stranger := launch.Target{Region: simtest.Region, ID: made.ID, Name: "n2", UID: "u2"}
	if err := w.Delete(t.Context(), stranger); !errors.Is(err, launch.ErrNotFound) || len(w.machines()) != 1 {
		t.Errorf("got %v", err)
	}
	if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 9000, Name: "node"}); !errors.Is(err, launch.ErrNotFound) {
		t.Errorf("a template: %v", err)
	}
	if err := w.Cloud.SetHostOffline(simtest.Region, "pve1", true); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), target); !errors.Is(err, launch.ErrHostGone) || errors.Is(err, launch.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if err := w.Cloud.SetHostOffline(simtest.Region, "pve1", false); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
	if err := w.Delete(t.Context(), target); !errors.Is(err, launch.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	again, err := w.Launch(t.Context(), order())
	if err != nil || again.ID == made.ID {
		t.Errorf("an ID is used again at once: %d, %v", again.ID, err)
	}
	if err := w.Cloud.SetRegionDown(simtest.Region, true); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), target); err == nil || errors.Is(err, launch.ErrNotFound) {
		t.Errorf("a region that is silent: %v", err)
	}
}

// PVE-100: what a machine took that has gone by itself is given back where it was launched.
func TestDeleteGone(t *testing.T) {
	w := start(t, false, nil)
	before := w.left()
	made, err := w.Launch(t.Context(), order())
	if err != nil {
		t.Fatal(err)
	}
	target := launch.Target{Region: simtest.Region, ID: made.ID, Name: "n1", UID: "u1", Host: made.Host}
	other := launch.New(w.Launcher.Options)
	other.Ledger, other.Book, other.IDs = capacity.NewLedger(false), network.NewBook(), launch.NewIDs(20000, w.Clock)
	if err := other.Delete(t.Context(), target); err != nil { // somebody else ends it
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), target); !errors.Is(err, launch.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
}

// PVE-100: a machine that was moved is ended where it is now.
func TestDeleteMoved(t *testing.T) {
	w := start(t, false, nil)
	o := order()
	o.Storage, o.Files = "ceph", nil
	made, err := w.Launch(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Cloud.Migrate(simtest.Region, made.ID, "pve2"); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: made.ID, Name: "n1", UID: "u1"}); err != nil || len(w.machines()) > 0 {
		t.Errorf("%v; %+v", err, w.machines())
	}
}
