// SPDX-License-Identifier: Apache-2.0

// Package survey finds out what hosts are and what they run, for the ledger of capacity
// (PVE-050, PVE-054).
//
// It decides nothing: what a host looks like is for package topology, what it has left for
// package capacity. It changes nothing in a cluster.
//
// Start reading at [Surveyor.Host].
package survey

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/utils/clock"
	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/providers/proxmox/topology"
)

// Surveyor reads hosts into a ledger.
type Surveyor struct {
	Ledger *capacity.Ledger
	Clock  clock.Clock
}

// Site is a host to be read.
type Site struct {
	capacity.Place
	// Client calls its region.
	Client *pve.Client
	// Settings are the user's for it; nil: there are none.
	Settings *topology.HostSettings
}

// ErrGuessed means that a host was read, but that what the list tells of some of its
// machines has to do until the next survey.
var ErrGuessed = errors.New("not all of the host's machines could be read")

// ErrUnread stands beside [ErrGuessed] if a call failed, so that another survey may soon
// tell more. Text that makes no sense will make none then.
var ErrUnread = errors.New("its configuration cannot be read")

// Host reads a host with all that runs on it. A machine whose configuration cannot be read,
// or makes no sense, counts by what the list tells of it, as not pinned, and is an
// [ErrGuessed], the former an [ErrUnread] as well. If anything else cannot be read, or makes no sense, the ledger keeps what it
// has.
func (s *Surveyor) Host(ctx context.Context, at Site) error {
	began := s.Clock.Now()
	reading := capacity.Reading{Began: began}
	if at.Settings != nil {
		reading.Overcommit = at.Settings.CPUOvercommit
	}
	if err := s.host(ctx, at, reading); err != nil {
		return fmt.Errorf("surveying host %s of region %s: %w", at.Place.Host, at.Region, err)
	}
	return nil
}

func (s *Surveyor) host(ctx context.Context, at Site, r capacity.Reading) error {
	status, err := at.Client.HostStatus(ctx, at.Place.Host)
	if err != nil {
		return err
	}
	machines, err := at.Client.Machines(ctx)
	if err != nil {
		return err
	}
	var guide *topology.CapacityMachine
	var guesses []error
	for _, m := range machines {
		if m.Host != at.Place.Host {
			continue
		}
		switch {
		case isGuide(m):
			guide, err = readGuide(ctx, at, m)
		case m.Running() && !m.IsTemplate():
			r.Machines, err = add(ctx, at, m, r.Machines)
			if errors.Is(err, ErrGuessed) {
				guesses, err = append(guesses, err), nil
			}
		}
		if err != nil {
			return err
		}
	}
	r.Topology, err = topology.Resolve(topology.Facts{
		Model: status.CPU.Model, Sockets: status.CPU.Sockets, Cores: status.CPU.Cores, CPUs: status.CPU.CPUs, MemoryBytes: status.Memory.Total,
	}, guide, at.Settings)
	if err != nil {
		return err
	}
	s.Ledger.Read(at.Place, r)
	return errors.Join(guesses...)
}

// isGuide reports whether a machine tells the NUMA nodes of its host (PVE-053). It counts
// as no load, and is never started.
func isGuide(m pve.Machine) bool {
	return m.Name == topology.CapacityMachineName && slices.Contains(m.Tags(), topology.CapacityMachineTag) && !m.IsTemplate()
}

func readGuide(ctx context.Context, at Site, m pve.Machine) (*topology.CapacityMachine, error) {
	options, err := at.Client.Options(ctx, pve.Place{Host: m.Host, ID: m.ID})
	if err != nil {
		return nil, err
	}
	out := &topology.CapacityMachine{Affinity: options["affinity"], MemoryBytes: m.MaxMemory}
	for i := 0; options["numa"+strconv.Itoa(i)] != ""; i++ {
		out.NUMA = append(out.NUMA, options["numa"+strconv.Itoa(i)])
	}
	return out, nil
}

// add counts a machine that runs. One that has gone meanwhile takes nothing. With
// [ErrGuessed] it is counted, too: one that is out of order keeps no host from use.
func add(ctx context.Context, at Site, m pve.Machine, to []capacity.Machine) ([]capacity.Machine, error) {
	counted := capacity.Machine{ID: m.ID, MemoryBytes: m.MaxMemory, Pinned: cpuset.New()}
	if m.Type != "qemu" {
		return append(to, counted), nil // a container takes memory only
	}
	options, err := at.Client.Options(ctx, pve.Place{Host: m.Host, ID: m.ID})
	if pve.IsGone(err) {
		return to, nil
	}
	switch {
	case err == nil:
	case ctx.Err() != nil || pve.IsUnreachable(err): // it says nothing about the machine
		return nil, err
	default:
		counted.VCPUs = m.MaxCPUs
		return append(to, counted), fmt.Errorf("machine %d: %w: %w: %w", m.ID, ErrGuessed, ErrUnread, err)
	}
	counted.VCPUs = number(options["cores"]) * number(options["sockets"])
	if options["numa"] == "1" {
		counted.Nodes = bound(options)
	}
	pinned, err := cpuset.Parse(pinnedTo(options))
	if err != nil { // anybody can write it
		return append(to, counted), fmt.Errorf("affinity of machine %d: %w: %w", m.ID, ErrGuessed, err)
	}
	counted.Pinned = pinned
	return append(to, counted), nil
}

// pinnedTo are the CPUs of the host that a machine is pinned to, by its options or by an
// agent on the host that reads its description; empty: it is not pinned.
func pinnedTo(options pve.Options) string {
	if affinity := options["affinity"]; affinity != "" {
		return affinity
	}
	owner, _ := machineconfig.OwnerOf(options["description"])
	return strings.TrimSpace(owner.Affinity)
}

// number is a count; 1 where none is told.
func number(text string) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return 1
}

var span = regexp.MustCompile(`^(\d+)(?:-(\d+))?$`)

// bound is the memory of NUMA nodes of the host that a machine has. What is for several is
// divided evenly.
func bound(options pve.Options) map[int]int64 {
	out := map[int]int64{}
	for i := 0; options["numa"+strconv.Itoa(i)] != ""; i++ {
		var nodes []int
		var mib int64
		for part := range strings.SplitSeq(options["numa"+strconv.Itoa(i)], ",") {
			key, value, _ := strings.Cut(part, "=")
			switch key {
			case "hostnodes":
				nodes = nodesOf(value)
			case "memory":
				mib, _ = strconv.ParseInt(value, 10, 64) // what is no number is not told
			}
		}
		for _, node := range nodes {
			out[node] += (mib << 20) / int64(len(nodes))
		}
	}
	return out
}

// mostNodes is how many NUMA nodes no host has.
const mostNodes = 256

// nodesOf reads "0-1;3". What is not understood is left out.
func nodesOf(text string) []int {
	var out []int
	for part := range strings.SplitSeq(text, ";") {
		m := span.FindStringSubmatch(part)
		if m == nil {
			continue
		}
		first, err := strconv.Atoi(m[1])
		last := first
		if m[2] != "" {
			last, err = strconv.Atoi(m[2])
		}
		if err != nil || last-first > mostNodes {
			continue
		}
		for node := first; node <= last; node++ {
			out = append(out, node)
		}
	}
	return out
}
