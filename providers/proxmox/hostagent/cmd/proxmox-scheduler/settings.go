// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// settings are those of PVE-120.
type settings struct {
	verbosity, retries    int
	watchPath, busy, free string
	resync                time.Duration
	karpenter, version    bool
}

// featureFlags is the variable with the list of what else is done.
const featureFlags, karpenterFlag = "PROXMOX_FEATURE_FLAGS", "karpenter"

// parse reads settings: a flag goes before its variable, that before the default.
func parse(args []string, getenv func(string) string, out io.Writer) (settings, error) {
	var s settings
	flags := pflag.NewFlagSet("proxmox-scheduler", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.SetOutput(out)
	flags.IntVar(&s.verbosity, "verbosity", 0, "how much is logged: from 1 on, each look at a machine too (VERBOSITY)")
	flags.StringVar(&s.watchPath, "watch-path", "/run/qemu-server", "directory with the process IDs of machines (WATCH_PATH)")
	flags.IntVar(&s.retries, "max-retries", 5, "how often a machine is tried again that cannot be pinned yet (MAX_RETRIES)")
	flags.DurationVar(&s.resync, "resync-interval", time.Hour, "how often all machines are looked at (RESYNC_INTERVAL)")
	flags.StringVar(&s.busy, "cpu-governor-busy", "performance", "governor of CPUs that machines are pinned to (CPU_GOVERNOR_BUSY)")
	flags.StringVar(&s.free, "cpu-governor-free", "powersave", "governor of CPUs that no machine is pinned to any more (CPU_GOVERNOR_FREE)")
	flags.BoolVar(&s.karpenter, karpenterFlag, false, "keep a machine that tells Karpenter the NUMA nodes of the host ("+featureFlags+"=karpenter)")
	flags.BoolVar(&s.version, "version", false, "print the version")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("too many arguments: %q", flags.Args())
	}
	if err := environment(flags, getenv); err != nil {
		return s, err
	}
	return s, s.check()
}

// environment sets the flags that were not given.
func environment(flags *pflag.FlagSet, getenv func(string) string) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		name := strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := getenv(name)
		if f.Name == "version" || f.Name == karpenterFlag || f.Changed || value == "" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", name, err))
		}
	})
	for flag := range strings.SplitSeq(getenv(featureFlags), ",") {
		switch flag = strings.TrimSpace(flag); {
		case flag == "":
		case flag != karpenterFlag:
			failed = errors.Join(failed, fmt.Errorf("%s: there is no %q, only %s", featureFlags, flag, karpenterFlag))
		case !flags.Changed(karpenterFlag):
			failed = errors.Join(failed, flags.Set(karpenterFlag, "true"))
		}
	}
	return failed
}

var governor = regexp.MustCompile(`^[a-z_]+$`)

func (s settings) check() error {
	var failed error
	refuse := func(flag, why string) { failed = errors.Join(failed, fmt.Errorf("--%s: %s", flag, why)) }
	if s.verbosity < 0 {
		refuse("verbosity", "must not be negative")
	}
	if s.retries < 0 {
		refuse("max-retries", "must not be negative")
	}
	if s.resync < time.Second {
		refuse("resync-interval", "want a second at least")
	}
	if !filepath.IsAbs(s.watchPath) {
		refuse("watch-path", "want an absolute path")
	}
	if !governor.MatchString(s.busy) {
		refuse("cpu-governor-busy", "want the name of a governor")
	}
	if !governor.MatchString(s.free) {
		refuse("cpu-governor-free", "want the name of a governor")
	}
	return failed
}

func (s settings) level() slog.Level {
	if s.verbosity > 0 {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
