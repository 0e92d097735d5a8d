// SPDX-License-Identifier: Apache-2.0

// Command replay compares policies of giving up nodes: it replays workloads in
// virtual time under each of them, and prints what they cost.
//
//	make replay
//	go run ./test/cmd/replay -case small,spot -policy practice -seed 7
//	go run ./test/cmd/replay -json > report.json
//
// The same seed gives the same figures but for the time that it took.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"karpenter.sh/core/simulation"
	"karpenter.sh/core/simulation/cases"
	"karpenter.sh/core/simulation/policy"
)

// lessGarbage trades memory for time.
const lessGarbage = 400

// options are the command line.
type options struct {
	cases    []cases.Case
	policies []simulation.Policy
	inputs   cases.Inputs
	json     bool
	profile  string
}

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "replay:", err)
	os.Exit(1)
}

func run(args []string, out, notes io.Writer) error {
	o, err := parse(args, notes)
	if err != nil {
		return err
	}
	if o.profile != "" {
		stop, err := profile(o.profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	debug.SetGCPercent(lessGarbage)
	t := newTable(out, o.json)
	for _, c := range o.cases {
		for _, p := range o.policies {
			made, err := c.Options(o.inputs, p)
			if errors.Is(err, fs.ErrNotExist) {
				fmt.Fprintf(notes, "replay: skipping case %s: there is no %s\n", c.Name, o.inputs.PodList)
				break
			}
			if err != nil {
				return fmt.Errorf("making case %s: %w", c.Name, err)
			}
			began, used := time.Now(), cpu()
			report, err := simulation.Run(made)
			if err != nil {
				return fmt.Errorf("case %s under policy %s: %w", c.Name, p.Name(), err)
			}
			t.add(row{Case: c.Name, Report: report, WallSeconds: time.Since(began).Seconds(), CPUSeconds: (cpu() - used).Seconds()})
		}
	}
	return t.end()
}

// profile begins to write a CPU profile.
func profile(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("creating the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, fmt.Errorf("starting the profile %s: %w", path, err)
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}

func parse(args []string, notes io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.SetOutput(notes)
	caseNames := flags.String("case", "", "cases to replay, separated by commas; all if empty:\n"+about())
	policyNames := flags.String("policy", "", "policies to replay them under, separated by commas; all if empty: "+strings.Join(names(policy.All(), simulation.Policy.Name), ", "))
	flags.Uint64Var(&o.inputs.Seed, "seed", 1, "decides every chance")
	flags.StringVar(&o.inputs.PodList, "pods", "../shared/data/openb_pods.csv", "a list of pods with the columns cpu_milli, memory_mib, creation_time and deletion_time; the case that needs it is skipped if it is not there")
	flags.BoolVar(&o.json, "json", false, "print the whole reports, with the figures of every hour")
	flags.StringVar(&o.profile, "profile", "", "file for a CPU profile")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("no arguments are taken, got %q; see -help", flags.Arg(0))
	}
	var err error
	if o.cases, err = pick("case", *caseNames, cases.All(), func(c cases.Case) string { return c.Name }); err != nil {
		return o, err
	}
	o.policies, err = pick("policy", *policyNames, policy.All(), simulation.Policy.Name)
	return o, err
}

// about lists the cases.
func about() string {
	var out []string
	for _, c := range cases.All() {
		out = append(out, fmt.Sprintf("  %-11s %s", c.Name, c.About))
	}
	return strings.Join(out, "\n")
}

// pick returns those that were named, in their own order; all for no name.
func pick[T any](kind, list string, all []T, name func(T) string) ([]T, error) {
	if list == "" {
		return all, nil
	}
	wanted := map[string]bool{}
	for _, n := range strings.Split(list, ",") {
		wanted[strings.TrimSpace(n)] = true
	}
	var out []T
	for _, x := range all {
		if wanted[name(x)] {
			out = append(out, x)
			delete(wanted, name(x))
		}
	}
	for n := range wanted {
		return nil, fmt.Errorf("there is no %s %q; there are %s", kind, n, strings.Join(names(all, name), ", "))
	}
	return out, nil
}

func names[T any](all []T, name func(T) string) []string {
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = name(x)
	}
	return out
}
