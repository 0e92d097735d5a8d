// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus/testutil"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
)

func TestFirstSync(t *testing.T) {
	for _, tc := range []struct {
		reason         string
		steps          func(*world)
		loaded, synced bool
	}{
		{"LIF-065: an empty cluster", func(*world) {}, true, true},
		{"LIF-065: a NodeClaim is missing", func(w *world) { w.inventory.claims = []string{"c"} }, false, false},
		{"LIF-065: a Node is missing", func(w *world) { w.inventory.nodes = []string{"a"} }, false, false},
		{"LIF-065: a failed list", func(w *world) { w.inventory.err = errors.New("unavailable") }, false, false},
		{"LIF-065: everything is there", func(w *world) {
			w.inventory.claims, w.inventory.nodes = []string{"c"}, []string{"a"}
			w.claim(newClaim("c", "id"))
			w.node(newNode("a", "id"))
		}, true, true},
		{"LIF-012, LIF-065: a Node that waits for its provider ID", func(w *world) {
			w.inventory.nodes = []string{"a"}
			w.node(newNode("a", "", labels(v1.NodePoolLabelKey, "pool")))
		}, false, false},
		{"LIF-065: but not for ever", func(w *world) {
			w.inventory.nodes = []string{"a"}
			w.node(newNode("a", "", labels(v1.NodePoolLabelKey, "pool")))
			w.clock.Step(time.Minute)
		}, true, true},
		{"LIF-066, LIF-069: an inherited NodeClaim", func(w *world) { w.claim(newClaim("c", "")) }, true, false},
		{"LIF-069: until its launch has timed out", func(w *world) { w.claim(newClaim("c", "")); w.clock.Step(cloudprovider.DefaultLaunchTimeout) }, true, true},
		{"LIF-069: or it is deleted", func(w *world) { w.claim(newClaim("c", "", deletedClaim)) }, true, true},
		{"LIF-069: a NodeClaim of this process holds up nothing", func(w *world) {
			w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: newClaim("c", "")})
		}, true, true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.steps(w)
			if got := w.Synced(context.Background()); got != tc.synced {
				t.Errorf("synced: %t", got)
			}
			if got := w.Loaded(context.Background()); got != tc.loaded {
				t.Errorf("loaded: %t", got)
			}
		})
	}
}

// LIF-066, LIF-067
func TestLaterSync(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	w.Synced(ctx)
	w.inventory.nodes, w.inventory.claims, w.inventory.err = []string{"new"}, []string{"new"}, errors.New("never asked")
	if !w.Synced(ctx) {
		t.Error("what was not seen yet makes it unsynced")
	}
	w.claim(newClaim("c", ""))
	if w.Synced(ctx) || !w.Loaded(ctx) {
		t.Errorf("with an inherited NodeClaim: synced %t, loaded %t", w.Synced(ctx), w.Loaded(ctx))
	}
	w.claim(newClaim("c", "id"))
	if !w.Synced(ctx) {
		t.Error("unsynced after the launch")
	}
}

// LIF-067: once loaded, asking for it checks nothing: it neither reads nor tells
// of what only those wait for who need a synced model.
func TestLoadedIsFree(t *testing.T) {
	var lines []string
	w := newWorld(t, func(o *cluster.Options) {
		o.Log = funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{})
	})
	if !w.Loaded(context.Background()) {
		t.Fatal("an empty cluster is not loaded")
	}
	w.inventory.err = errors.New("never asked")
	w.claim(newClaim("c", ""))
	for range 10 {
		w.clock.Step(20 * time.Second)
		if !w.Loaded(context.Background()) {
			t.Fatal("it was forgotten")
		}
	}
	if synced := w.gauge("karpenter_cluster_state_synced"); len(lines) > 0 || synced != 1 {
		t.Errorf("it was checked: synced %v, log %q", synced, lines)
	}
}

// gauge is the value that a gauge has now.
func (w *world) gauge(name string) float64 {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	w.t.Fatalf("no metric %s", name)
	return 0
}

// LIF-068, OPS-099, OPS-100
func TestSyncMetricsAndLog(t *testing.T) {
	var lines []string
	w := newWorld(t, func(o *cluster.Options) {
		o.Log = funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{})
	})
	w.inventory.claims = []string{"stuck"}
	for _, step := range []struct {
		after  time.Duration
		lines  int
		synced float64
		waited float64
	}{
		{0, 0, 0, 0},
		{30 * time.Second, 0, 0, 30},
		{time.Second, 1, 0, 31},
		{9 * time.Second, 1, 0, 40},
		{time.Second, 2, 0, 41},
	} {
		w.clock.Step(step.after)
		w.Synced(context.Background())
		if len(lines) != step.lines || w.gauge("karpenter_cluster_state_synced") != step.synced ||
			w.gauge("karpenter_cluster_state_unsynced_time_seconds") != step.waited {
			t.Errorf("want %+v, got %d lines, synced %v, waited %v", step, len(lines),
				w.gauge("karpenter_cluster_state_synced"), w.gauge("karpenter_cluster_state_unsynced_time_seconds"))
		}
	}
	if !strings.Contains(lines[0], "nodeclaim/stuck") || !strings.Contains(lines[0], "31s") {
		t.Errorf("the log names no blocker or duration: %s", lines[0])
	}
	w.inventory.claims = nil
	w.Synced(context.Background())
	if w.gauge("karpenter_cluster_state_synced") != 1 || w.gauge("karpenter_cluster_state_unsynced_time_seconds") != 0 {
		t.Error("gauges after the sync")
	}
}

// LIF-068, OPS-098
func TestNodeCount(t *testing.T) {
	w := newWorld(t)
	count := func(want string) {
		t.Helper()
		text := "# HELP karpenter_cluster_state_node_count Nodes in cluster state.\n" +
			"# TYPE karpenter_cluster_state_node_count gauge\nkarpenter_cluster_state_node_count " + want + "\n"
		if err := testutil.GatherAndCompare(w.registry, strings.NewReader(text), "karpenter_cluster_state_node_count"); err != nil {
			t.Error(err)
		}
	}
	w.node(newNode("a", "id1"))
	w.claim(newClaim("c", "id2"))
	w.claim(newClaim("d", ""))
	count("2")
	w.DeleteNode("a")
	count("1")
}
