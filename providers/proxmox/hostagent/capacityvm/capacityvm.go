// SPDX-License-Identifier: Apache-2.0

// Package capacityvm keeps the capacity machine of a host: one that never runs, and whose
// options tell the controller the true NUMA nodes (PVE-053, PVE-122).
//
// It decides those options. They are written with pvesh, the shell of the host's own API,
// which needs no token. It changes no other machine.
//
// Of this module it imports packages host, qemuconfig and topology. Start reading at [Keeper.Run].
package capacityvm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/core/reconcile/pause"
	"karpenter.sh/providers/proxmox/hostagent/host"
	"karpenter.sh/providers/proxmox/hostagent/qemuconfig"
	"karpenter.sh/providers/proxmox/topology"
)

// Shell runs a command of pvesh and returns what it prints.
type Shell interface {
	Run(ctx context.Context, args ...string) ([]byte, error)
}

// Keeper keeps the capacity machine of a host. All fields are required.
type Keeper struct {
	Host  host.Host
	Shell Shell
	Clock clock.Clock
	Log   *slog.Logger
	// Interval is how often the machine is compared with the host.
	Interval time.Duration
	// Retries is how often that is tried again within an interval.
	Retries int
}

// How long a cluster without quorum is waited for, and how often it is looked at.
const quorumWait, quorumPoll = 30 * time.Second, time.Second

// The time between two tries doubles from the first to the last.
const firstRetry, lastRetry = 2 * time.Second, 30 * time.Second

// Run keeps the machine until the context ends.
func (k Keeper) Run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := firstRetry
		for try := 0; ; try++ {
			err := k.Ensure(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			if try >= k.Retries {
				k.Log.Error("The capacity machine is left as it is until the next interval", "err", err)
				break
			}
			k.Log.Warn("The capacity machine is tried again", "err", err)
			pause.For(ctx, k.Clock, wait)
			wait = min(2*wait, lastRetry)
		}
		pause.For(ctx, k.Clock, k.Interval)
	}
}

// Ensure makes the capacity machine, or changes what differs of it, once the cluster has
// quorum.
func (k Keeper) Ensure(ctx context.Context) error {
	name, err := k.quorate(ctx)
	if err != nil {
		return err
	}
	nodes, err := k.Host.Nodes()
	if err != nil {
		return err
	}
	want, err := Options(nodes)
	if err != nil {
		return err
	}
	machines, err := k.Host.Configs()
	if err != nil {
		return err
	}
	id, found := find(machines)
	if !found {
		return k.create(ctx, name, want)
	}
	set, remove := Changes(machines[id], want)
	if len(set)+len(remove) == 0 {
		return nil
	}
	args := append([]string{"set", path.Join("/nodes", name, "qemu", strconv.Itoa(id), "config")}, flags(set)...)
	if len(remove) > 0 {
		args = append(args, "--delete", strings.Join(remove, ","))
	}
	if _, err := k.Shell.Run(ctx, args...); err != nil {
		return fmt.Errorf("changing capacity machine %d: %w", id, err)
	}
	k.Log.Info("The capacity machine was changed", "machine", id)
	return nil
}

// quorate is the name of the host, once its cluster can be written to.
func (k Keeper) quorate(ctx context.Context) (string, error) {
	for until := k.Clock.Now().Add(quorumWait); ; pause.For(ctx, k.Clock, quorumPoll) {
		m, err := k.Host.Membership()
		if err == nil && m.Quorate {
			return m.Name, nil
		}
		if err == nil {
			err = errors.New("the cluster has no quorum")
		}
		if ctx.Err() != nil || !k.Clock.Now().Before(until) {
			return "", errors.Join(err, ctx.Err())
		}
	}
}

// find is the capacity machine with the lowest ID.
func find(machines map[int]qemuconfig.Config) (int, bool) {
	for _, id := range slices.Sorted(maps.Keys(machines)) {
		if m := machines[id]; m.Is(topology.CapacityMachineName, topology.CapacityMachineTag) && !m.IsTemplate() {
			return id, true
		}
	}
	return 0, false
}

var machineID = regexp.MustCompile(`^"?([1-9][0-9]{2,8})"?$`)

// create makes the machine. If another takes the ID meanwhile, pvesh refuses.
func (k Keeper) create(ctx context.Context, name string, want map[string]string) error {
	const doing = "making a capacity machine: %w"
	answer, err := k.Shell.Run(ctx, "get", "/cluster/nextid", "--output-format", "json")
	if err != nil {
		return fmt.Errorf(doing, err)
	}
	id := machineID.FindStringSubmatch(strings.TrimSpace(string(answer)))
	if id == nil {
		return fmt.Errorf(doing, fmt.Errorf("%q is no ID of a machine", answer))
	}
	args := append([]string{"create", path.Join("/nodes", name, "qemu"), "--vmid", id[1]}, flags(want)...)
	args = append(args, "--name", topology.CapacityMachineName, "--tags", topology.CapacityMachineTag)
	if _, err := k.Shell.Run(ctx, args...); err != nil {
		return fmt.Errorf(doing, err)
	}
	k.Log.Info("The capacity machine was made", "machine", id[1])
	return nil
}

// flags are options as pvesh takes them, sorted.
func flags(options map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(options)) {
		out = append(out, "--"+name, options[name])
	}
	return out
}
