// SPDX-License-Identifier: Apache-2.0

package localcluster_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"karpenter.sh/tools/internal/localcluster"
	"karpenter.sh/tools/internal/process"
)

// kwokctl stands in for the real one: it starts a process for each component
// the way kwokctl does, from a link in the cluster's directory.
const kwokctl = `#!/bin/sh
set -e
[ "$1 $2 $3" = "create cluster --name" ]
[ -f "$6" ]
dir=$KWOK_WORKDIR/clusters/$4
mkdir -p "$dir/bin" "$dir/logs" "$dir/pids"
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kwok-controller; do
  echo "log of $name" > "$dir/logs/$name.log"
  ln -s "$SLEEPER" "$dir/bin/$name"
  "$dir/bin/$name" > /dev/null 2>&1 < /dev/null &
done
if [ -f "$KWOK_WORKDIR/fail" ]; then rm "$KWOK_WORKDIR/fail"; echo '{"level":"ERROR","msg":"port is taken"}' >&2; exit 1; fi
`

// newRoot makes a root with stand-ins for the programs that Up runs.
func newRoot(t *testing.T) localcluster.UpOptions {
	t.Helper()
	sleeper, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLEEPER", sleeper)
	opts := localcluster.UpOptions{
		Layout:  localcluster.Layout{Root: t.TempDir(), Name: "mine"},
		Runtime: localcluster.RuntimeBinary, Out: io.Discard,
	}
	for name, script := range map[string]string{
		"kwokctl": kwokctl, "helm": "#!/bin/sh\n",
		"kubectl": "#!/bin/sh\necho '{\"clusters\": [{\"name\": \"mine\"}]}'\n",
	} {
		if err := errors.Join(os.MkdirAll(opts.Bin(), 0o755), os.WriteFile(opts.Program(name), []byte(script), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { down(t, opts.Layout, "") })
	return opts
}

func up(t *testing.T, opts localcluster.UpOptions) *localcluster.State {
	t.Helper()
	state, err := localcluster.Up(t.Context(), opts)
	if err != nil {
		t.Fatalf("up: %v", err)
	}
	return state
}

func down(t *testing.T, layout localcluster.Layout, keep string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // over when cleanup runs
	if err := localcluster.Down(ctx, localcluster.DownOptions{Layout: layout, KeepLogs: keep, Out: io.Discard}); err != nil {
		t.Fatalf("down: %v", err)
	}
}

func alive(state *localcluster.State) int {
	n := 0
	for _, id := range state.Components {
		if id.Alive() {
			n++
		}
	}
	return n
}

func TestUpAndDown(t *testing.T) {
	opts := newRoot(t)
	first := up(t, opts)
	if alive(first) != 5 {
		t.Fatalf("%d of 5 components run: %v", alive(first), first.Components)
	}
	if second := up(t, opts); second.Components["etcd"] != first.Components["etcd"] {
		t.Error("a cluster that works was replaced")
	}
	logs := filepath.Join(opts.Root, "kept")
	down(t, opts.Layout, logs)
	if alive(first) != 0 {
		t.Errorf("%d components run after down", alive(first))
	}
	if _, err := os.Stat(opts.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
	if content, err := os.ReadFile(filepath.Join(logs, "etcd.log")); err != nil || string(content) != "log of etcd\n" {
		t.Errorf("kept log: %q, %v", content, err)
	}
	down(t, opts.Layout, "") // once more is no error
}

func TestUpReplacesWhatAnEarlierOneLeft(t *testing.T) {
	tests := []struct {
		reason string
		damage func(t *testing.T, layout localcluster.Layout, state *localcluster.State) error
	}{
		{"a component died", func(t *testing.T, _ localcluster.Layout, state *localcluster.State) error {
			return state.Components["kube-scheduler"].Stop(t.Context(), 0)
		}},
		{"the start was interrupted before the end", func(_ *testing.T, layout localcluster.Layout, _ *localcluster.State) error {
			return os.Remove(filepath.Join(layout.Dir(), "state.json"))
		}},
		{"the directory is empty but processes run", func(_ *testing.T, layout localcluster.Layout, _ *localcluster.State) error {
			return errors.Join(os.RemoveAll(layout.Dir()), os.MkdirAll(layout.Dir(), 0o755))
		}},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			opts := newRoot(t)
			first := up(t, opts)
			if err := tc.damage(t, opts.Layout, first); err != nil {
				t.Fatal(err)
			}
			second := up(t, opts)
			if alive(first) != 0 || alive(second) != 5 {
				t.Errorf("%d old and %d new components run, want 0 and 5", alive(first), alive(second))
			}
		})
	}
}

func TestUpTriesOnceMore(t *testing.T) {
	opts := newRoot(t)
	var said strings.Builder
	opts.Out = &said
	if err := os.WriteFile(opts.Program("fail"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if state := up(t, opts); alive(state) != 5 {
		t.Errorf("%d of 5 components run", alive(state))
	}
	if !strings.Contains(said.String(), "ERROR port is taken") {
		t.Errorf("why the first try failed is lost: %s", said.String())
	}
	running, err := process.Under(opts.Dir())
	if err != nil || len(running["etcd"]) != 1 {
		t.Errorf("the failed try left its processes: %v %v", running, err)
	}
}

func TestUpRejectsAnUnknownRuntime(t *testing.T) {
	opts := newRoot(t)
	opts.Runtime = "magic"
	if _, err := localcluster.Up(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "magic") {
		t.Errorf("Up = %v", err)
	}
}
