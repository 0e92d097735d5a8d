// SPDX-License-Identifier: Apache-2.0

package launch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

// PVE-204: whichever step fails, and however, nothing is left; of a clone that is being
// copied against what was answered, the launch says that it remains.
func TestFailures(t *testing.T) {
	failing := []struct {
		call string
		nth  int
	}{
		{"GET *nextid", 1}, {"GET *config", 1}, {"POST *clone", 1}, {"GET *config", 2}, {"PUT *resize", 1}, {"GET *network", 1}, {"POST *config", 1}, {"GET *config", 3},
		{"GET *groups", 1}, {"GET *rules", 1}, {"POST *rules", 1}, {"POST *rules", 2}, {"GET *rules", 2}, {"GET *firewall/options", 1}, {"PUT *firewall/options", 1},
		{"GET /nodes/*/storage", 1}, {"POST *upload", 1}, {"POST *config", 2}, {"POST *start", 1},
	}
	for _, f := range failing {
		for how, rule := range map[string]fault.Rule{
			"refused":           {Error: &fault.Failure{Code: "x", Message: "out of order"}},
			"refused, but done": {Error: &fault.Failure{Code: "x", Message: "out of order"}, Effective: true},
			"failing task":      {Within: &fault.Failure{Code: "x", Message: "out of order"}},
		} {
			t.Run(fmt.Sprintf("%s %d %s", f.call, f.nth, how), func(t *testing.T) {
				w := start(t, false, nil)
				before := w.left()
				rule.Call, rule.Nth, rule.Times = f.call, f.nth, 1
				w.Cloud.Faults().Add(rule)
				_, err := w.Launch(t.Context(), order())
				if err == nil && (how != "failing task" || !strings.HasPrefix(f.call, "GET") && !strings.Contains(f.call, "firewall") && !strings.Contains(f.call, "rules")) {
					t.Fatal("it succeeds")
				}
				if err == nil {
					return // a call without task has none that could fail
				}
				w.Clock.Step(undone)
				w.Cloud.Settle()
				copying := f.call == "POST *clone" && how == "refused, but done"
				if errors.Is(err, launch.ErrRemains) != copying {
					t.Errorf("got %v", err)
				}
				if copying { // whose it is shows only now
					if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}); err != nil {
						t.Error(err)
					}
				}
				if after := w.left(); after != before {
					t.Errorf("%v\nleft   %s\nbefore %s", err, after, before)
				}
			})
		}
	}
}

// PVE-063: clean-up runs for callers that have gone.
func TestCallerLeaves(t *testing.T) {
	w := start(t, false, nil)
	before := w.left()
	ctx, leave := context.WithCancel(t.Context())
	o := order()
	o.Files = func(context.Context, launch.Made) (cloudinit.Files, error) {
		leave()
		return cloudinit.Files{"user-data": nil}, nil
	}
	if _, err := w.Launch(ctx, o); err == nil {
		t.Fatal("it succeeds")
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
}

// PVE-063, PVE-064: a launch that fails ends no machine but its own, though nobody said that
// the ID is somebody else's: neither by its name nor by its description is it the launch's.
func TestStrangersStay(t *testing.T) {
	for what, options := range map[string]map[string]string{
		"a stranger":           {"name": "stranger"},
		"one of the name":      {"name": order().Name},
		"one of ours before":   {"name": order().Name, "description": machineconfig.Owner{UID: "before"}.Description()},
		"one that was renamed": {"name": "other", "description": order().Owner.Description()},
	} {
		t.Run(what, func(t *testing.T) {
			meanwhile := &pause{}
			w := start(t, false, func(o *proxmox.Options) {
				meanwhile.Clock = o.Clock
				o.Clock = meanwhile
			})
			meanwhile.do = func() {
				if err := w.Cloud.Place(simtest.Region, proxmox.Machine{ID: 20000, Host: "pve1", Options: options}); err != nil {
					t.Error(err)
				}
			}
			w.Cloud.Faults().Add(
				fault.Rule{Call: "GET *config", Times: 1, Delay: fault.Duration{Duration: time.Second}},
				fault.Rule{Call: "POST *clone", Times: 1, Error: &fault.Failure{Code: "x", Message: "out of order"}},
			)
			if made, err := w.Launch(t.Context(), order()); err == nil {
				t.Fatalf("got %+v", made.Place)
			}
			w.Clock.Step(undone)
			w.Cloud.Settle()
			if all := w.machines(); len(all) != 1 {
				t.Errorf("got %+v", all)
			}
		})
	}
}

// PVE-061, PVE-063: a clone that outlasts the launch does not say yet whose it is, and one
// whose beginning nobody answered neither: both may come, and count until they are ended.
func TestCloneOutlasts(t *testing.T) {
	for what, rule := range map[string]fault.Rule{
		"it takes long":      {},
		"the answer is lost": {Call: "POST *clone", Times: 1, Lost: true},
	} {
		t.Run(what, func(t *testing.T) {
			w := start(t, false, nil)
			before := w.left()
			if err := w.Cloud.SetTime("qmclone", 20*time.Minute); err != nil {
				t.Fatal(err)
			}
			if rule.Call != "" {
				w.Cloud.Faults().Add(rule)
			}
			if made, err := w.Launch(t.Context(), order()); !errors.Is(err, launch.ErrRemains) {
				t.Errorf("got %+v, %v", made.Place, err)
			}
			if free, _ := w.Ledger.Free(capacity.Place{Region: simtest.Region, Host: "pve1"}); free.VCPUs != 28 {
				t.Errorf("%d CPUs are free", free.VCPUs)
			}
			w.Clock.Step(20 * time.Minute)
			w.Cloud.Settle()
			if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}); err != nil {
				t.Error(err)
			}
			if after := w.left(); after != before {
				t.Errorf("left %s\nbefore %s", after, before)
			}
		})
	}
}

// PVE-063, PVE-084: a machine that could not be taken back keeps its address until it is
// ended.
func TestRemainsWithAddress(t *testing.T) {
	w := start(t, false, nil)
	before := w.left()
	w.Cloud.Faults().Add(
		fault.Rule{Call: "POST *start", Times: 1, Effective: true, Error: &fault.Failure{Code: "x", Message: "out of order"}},
		fault.Rule{Call: "DELETE *qemu/*", Times: 1, Error: &fault.Failure{Code: "x", Message: "out of order"}},
	)
	if made, err := w.Launch(t.Context(), order()); !errors.Is(err, launch.ErrRemains) {
		t.Fatalf("got %+v, %v", made.Place, err)
	}
	if next, err := w.Book.Allocate("probe", network.Interface{Address4: pool()}, network.Bridge{Address4: bridge()}); err != nil || next.Address4.Addr().String() != "10.10.0.13" {
		t.Errorf("the next gets %s, %v", next.Address4, err)
	}
	w.Book.Release("probe")
	if err := w.Delete(t.Context(), launch.Target{Region: simtest.Region, ID: 20000, Name: "n1", UID: "u1"}); err != nil {
		t.Error(err)
	}
	if after := w.left(); after != before {
		t.Errorf("left %s\nbefore %s", after, before)
	}
}

// pause is a clock that lets something happen when somebody first waits.
type pause struct {
	clock.Clock
	do   func()
	once sync.Once
}

// After implements [clock.Clock].
func (p *pause) After(d time.Duration) <-chan time.Time {
	p.once.Do(p.do)
	return p.Clock.After(d)
}
