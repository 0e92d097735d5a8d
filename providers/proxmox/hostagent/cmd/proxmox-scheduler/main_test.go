// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"karpenter.sh/providers/proxmox/hostagent/internal/hosttest"
)

// PVE-120: names and defaults.
func TestDefaults(t *testing.T) {
	s, err := parse(nil, func(string) string { return "" }, io.Discard)
	want := settings{watchPath: "/run/qemu-server", retries: 5, resync: time.Hour, busy: "performance", free: "powersave"}
	if err != nil || s != want {
		t.Errorf("got %+v, %v", s, err)
	}
	var help bytes.Buffer
	if err := run(t.Context(), process{args: []string{"--help"}, getenv: os.Getenv, out: &help}); !errors.Is(err, pflag.ErrHelp) {
		t.Errorf("got %v", err)
	}
	file, err := os.ReadFile("../../packaging/proxmox-scheduler.default")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"VERBOSITY", "WATCH_PATH", "MAX_RETRIES", "RESYNC_INTERVAL", "CPU_GOVERNOR_BUSY", "CPU_GOVERNOR_FREE", "PROXMOX_FEATURE_FLAGS"} {
		flag := "--" + strings.ToLower(strings.ReplaceAll(name, "_", "-"))
		if text := help.String(); !strings.Contains(text, name) || !strings.Contains(text, flag) && name != featureFlags {
			t.Errorf("%s is not told of in\n%s", name, text)
		}
		if !bytes.Contains(file, []byte("\n#"+name+"=")) {
			t.Errorf("%s is not in the file of settings", name)
		}
	}
	// The settings that the file shows are the defaults.
	shown := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^#([A-Z_]+)=(.*)$`).FindAllStringSubmatch(string(file), -1) {
		shown[m[1]] = m[2]
	}
	delete(shown, featureFlags)
	if s, err := parse(nil, func(name string) string { return shown[name] }, io.Discard); err != nil || s != want {
		t.Errorf("got %+v, %v of %v", s, err, shown)
	}
}

// PVE-120: a flag goes before its variable, and what makes no sense is refused with its name.
func TestParse(t *testing.T) {
	all := map[string]string{
		"VERBOSITY": "2", "WATCH_PATH": "/a", "MAX_RETRIES": "0", "RESYNC_INTERVAL": "5m", "CPU_GOVERNOR_BUSY": "schedutil", "CPU_GOVERNOR_FREE": "ondemand",
		"PROXMOX_FEATURE_FLAGS": " karpenter,",
	}
	want := settings{verbosity: 2, watchPath: "/a", resync: 5 * time.Minute, busy: "schedutil", free: "ondemand", karpenter: true}
	for _, row := range []struct {
		args []string
		env  map[string]string
		want string // part of the error
	}{
		{nil, all, ""},
		{[]string{"--verbosity=2", "--watch-path=/a", "--max-retries=0", "--resync-interval=5m", "--cpu-governor-busy=schedutil", "--cpu-governor-free=ondemand", "--karpenter"},
			map[string]string{"WATCH_PATH": "/b", "MAX_RETRIES": "x"}, ""},
		{[]string{"more"}, nil, "too many"},
		{[]string{"--unknown"}, nil, "unknown"},
		{[]string{"--max-retries=-1"}, nil, "max-retries"},
		{[]string{"--verbosity=-1"}, nil, "verbosity"},
		{[]string{"--resync-interval=0"}, nil, "resync-interval"},
		{[]string{"--watch-path=run"}, nil, "watch-path"},
		{[]string{"--cpu-governor-busy=a b"}, nil, "cpu-governor-busy"},
		{[]string{"--cpu-governor-free="}, nil, "cpu-governor-free"},
		{nil, map[string]string{"MAX_RETRIES": "x"}, "MAX_RETRIES"},
		{nil, map[string]string{"PROXMOX_FEATURE_FLAGS": "karpenter,x"}, `"x"`},
	} {
		s, err := parse(row.args, func(name string) string { return row.env[name] }, io.Discard)
		if row.want == "" && (err != nil || s != want) || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%q, %v: got %+v, %v", row.args, row.env, s, err)
		}
	}
	off := maps.Clone(all)
	if s, err := parse([]string{"--karpenter=false"}, func(name string) string { return off[name] }, io.Discard); err != nil || s.karpenter {
		t.Errorf("got %+v, %v", s, err)
	}
}

// PVE-120: the version is printed.
func TestVersion(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), process{args: []string{"--version"}, getenv: os.Getenv, out: &out}); err != nil || !strings.HasPrefix(out.String(), "proxmox-scheduler ") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

// counted counts commands.
type counted struct{ runs atomic.Int32 }

func (c *counted) Run(context.Context, ...string) ([]byte, error) {
	c.runs.Add(1)
	return []byte("100"), nil
}

// PVE-120, PVE-121, PVE-122: the program pins a machine that starts, makes the capacity
// machine only if told to, and ends with its context.
func TestRun(t *testing.T) {
	for _, karpenter := range []bool{false, true} {
		h, shell := hosttest.New(t, 4), &counted{}
		h.Node(0, "0-3", 8<<20)
		h.Options(100, "affinity: 2,1\ncores: 2\n")
		args := []string{"--watch-path", h.Path("run/qemu-server"), "--verbosity=1"}
		if karpenter {
			args = append(args, "--karpenter")
		}
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- run(ctx, process{args: args, getenv: func(string) string { return "" }, out: io.Discard, log: io.Discard, root: h.Root, scheduler: h.Scheduler, shell: shell})
		}()
		eventually := func(what string, holds func() bool) {
			t.Helper()
			for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%s: pinned are %s, governors %s", what, h.Scheduler.Pinned(), h.Governors())
				}
			}
		}
		h.CPUs(500, 2)
		h.Start(100, 500)
		eventually("it starts", func() bool { return h.Scheduler.Pinned() == "map[501:2 502:1]" })
		eventually("its CPUs are busy", func() bool { return h.Governors() == "map[1:performance 2:performance]" })
		h.Stop(100, 500)
		eventually("it ends", func() bool { return h.Governors() == "map[1:powersave 2:powersave]" })
		eventually("the capacity machine", func() bool { return karpenter == (shell.runs.Load() == 2) })
		end()
		if err := <-ended; err != nil {
			t.Errorf("got %v", err)
		}
	}
}
