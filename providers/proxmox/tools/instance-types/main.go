// SPDX-License-Identifier: Apache-2.0

// Command instance-types prints a file of instance types, for --instance-types-file
// (PVE-042):
//
//	instance-types generate --cpus 2,4,8 --memfactor 4 --kubelet --system --eviction
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"karpenter.sh/providers/proxmox/instancetype"
)

func main() {
	err := run(os.Args[1:], os.Stdout)
	if errors.Is(err, pflag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "instance-types:", err)
		os.Exit(1)
	}
}

// run does what the arguments say.
func run(args []string, out io.Writer) error {
	if len(args) == 0 || !slices.Contains([]string{"generate", "g"}, args[0]) {
		return errors.New("the command is: instance-types generate [flags]; --help tells the flags")
	}
	var r instancetype.Range
	flags := pflag.NewFlagSet("instance-types generate", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.IntSliceVarP(&r.CPUs, "cpus", "c", []int{1, 2, 4}, "CPUs of the types")
	flags.IntSliceVarP(&r.GiBPerCPU, "memfactor", "m", []int{2, 3, 4}, "GiB of memory for each CPU")
	flags.IntVarP(&r.StorageGiB, "storage", "s", 30, "GiB of ephemeral storage; 0 leaves it out")
	flags.BoolVar(&r.Kubelet, "kubelet", false, "add what is kept for the kubelet")
	flags.BoolVar(&r.System, "system", false, "add what is kept for the system")
	flags.BoolVar(&r.Eviction, "eviction", false, "add the threshold of evictions")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("too many arguments: %q", flags.Args())
	}
	if err := check(r); err != nil {
		return err
	}
	text, err := instancetype.Format(instancetype.Generate(r))
	if err != nil {
		return err
	}
	if _, err := out.Write(text); err != nil {
		return fmt.Errorf("printing instance types: %w", err)
	}
	return nil
}

// check refuses what no file may hold.
func check(r instancetype.Range) error {
	if len(r.CPUs) == 0 || len(r.GiBPerCPU) == 0 || slices.Min(r.CPUs) < 1 || slices.Min(r.GiBPerCPU) < 1 {
		return errors.New("--cpus and --memfactor: want numbers from 1")
	}
	if r.StorageGiB < 0 {
		return errors.New("--storage: must not be negative")
	}
	return nil
}
