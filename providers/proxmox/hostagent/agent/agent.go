// SPDX-License-Identifier: Apache-2.0

// Package agent keeps the machines of a host pinned (PVE-121).
//
// It decides when a machine is looked at: when the file of its process changes, again after
// a while where that was too early or failed, and all of them once in an interval. What is
// to be done to a machine is for package pinning, reading and writing for package host.
//
// Invariants: one machine is looked at at a time. Looking twice changes nothing. A machine
// that fails delays no other, and is tried a bounded number of times until it changes or the
// next interval begins. Where the directory cannot be watched, each look at all of them
// counts as a change.
//
// Of this module it imports packages host and pinning. Start reading at [Agent.Run].
package agent

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"k8s.io/utils/clock"
	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/hostagent/host"
	"karpenter.sh/providers/proxmox/hostagent/pinning"
)

// Options are the settings of an agent. All are required.
type Options struct {
	Host host.Host
	// Changes tells which files of processes change; see [Watcher.Watch].
	Changes <-chan Change
	Clock   clock.Clock
	Log     *slog.Logger
	// Retries is how often a machine is looked at again until it changes.
	Retries int
	// Resync is how often all machines are looked at.
	Resync time.Duration
	// Busy and Free are the governors of CPUs that a machine is pinned to, and was.
	Busy, Free string
}

// Change is a change in the directory of processes.
type Change struct {
	// Machine is the one whose file has changed.
	Machine int
	// All: any may have.
	All bool
}

// Agent keeps the machines of a host pinned.
type Agent struct {
	Options
	pins  pinning.Pins
	queue queue
}

// New returns an agent that has not begun.
func New(o Options) *Agent {
	return &Agent{Options: o, pins: pinning.Pins{}, queue: queue{}}
}

// Run looks after machines until the context ends. Machines stay as they are then.
func (a *Agent) Run(ctx context.Context) {
	noted, err := a.Host.Pins()
	if err != nil {
		a.Log.Warn("CPUs of machines that ended meanwhile keep their governors", "err", err)
	} else {
		a.pins = noted
	}
	resync := a.Clock.Now()
	for ctx.Err() == nil {
		if now := a.Clock.Now(); !now.Before(resync) {
			a.all()
			resync = now.Add(a.Resync)
		}
		for _, id := range a.queue.ready(a.Clock.Now()) {
			if ctx.Err() != nil {
				return
			}
			a.look(id)
		}
		a.wait(ctx, a.queue.next(resync))
	}
}

// wait ends with a change, at a time, or with the context.
func (a *Agent) wait(ctx context.Context, until time.Time) {
	timer := a.Clock.NewTimer(until.Sub(a.Clock.Now()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C():
	case change := <-a.Changes:
		if change.All {
			a.all()
		} else {
			a.queue.now(change.Machine, a.Clock.Now())
		}
	}
}

// all has each machine looked at that runs, or is known to have.
func (a *Agent) all() {
	running, err := a.Host.Machines()
	if err != nil {
		a.Log.Error("Machines that run are not known", "err", err)
	}
	now := a.Clock.Now()
	for _, id := range append(running, slices.Collect(maps.Keys(a.pins))...) {
		a.queue.now(id, now)
	}
}

// look looks at a machine, and says when it is looked at again.
func (a *Agent) look(id int) {
	again, err := a.settle(id)
	if err != nil {
		again = err.Error()
	}
	if again == "" {
		a.queue.done(id)
		return
	}
	if a.queue.again(id, a.Clock.Now(), a.Retries) {
		a.Log.Debug("A machine is looked at again", "machine", id, "why", again)
		return
	}
	a.Log.Warn("A machine is left as it is until it changes or all are looked at", "machine", id, "why", again)
}

// settle makes a machine what it should be. The result says why it is to be looked at again;
// empty: it is not.
func (a *Agent) settle(id int) (again string, err error) {
	process, err := a.Host.Process(id)
	if err != nil {
		return "", err
	}
	if process == nil {
		return "", a.occupy(id, cpuset.New())
	}
	defer process.Close()
	config, err := a.Host.Config(id)
	if err != nil {
		return "", err
	}
	online, err := a.Host.Online()
	if err != nil {
		return "", err
	}
	cpus, why := pinning.Want(config, online)
	if why != "" {
		a.Log.Info("A machine is not pinned", "machine", id, "why", why)
	}
	if len(cpus) == 0 {
		return "", a.occupy(id, cpuset.New())
	}
	count, err := a.pin(process, id, cpus)
	if !process.Runs() {
		return "", a.occupy(id, cpuset.New())
	}
	if err != nil {
		return "", err
	}
	if count == 0 {
		return "it has no threads of CPUs yet", nil
	}
	set := cpuset.New(cpus...)
	without, err := a.interrupts(append(config.Devices(), process.Devices()...), set)
	err = errors.Join(err, a.occupy(id, set))
	switch {
	case err != nil:
		return "", err
	case count < config.Started():
		return "some of its CPUs have no threads yet", nil
	case len(without) > 0:
		return "its devices have no interrupts yet", nil
	}
	return "", nil
}

// pin puts the threads of a machine's CPUs on CPUs of the host, and says how many there are.
// If one cannot be put there, all threads of the machine get all of the CPUs.
func (a *Agent) pin(process *host.Process, id int, cpus []int) (int, error) {
	virtual, all, err := process.Threads()
	if err != nil {
		return 0, err
	}
	moves := pinning.Threads(cpus, virtual)
	for _, move := range moves {
		if err = process.Pin(move.Thread, cpuset.New(move.CPU)); err != nil {
			break
		}
	}
	if err == nil {
		if len(moves) > 0 && a.pins[id].IsEmpty() {
			a.Log.Info("A machine is pinned", "machine", id, "cpus", cpus)
		}
		return len(moves), nil
	}
	if !process.Runs() {
		return 0, err
	}
	a.Log.Warn("A machine is pinned as a whole, since its CPUs cannot be", "machine", id, "err", err)
	var failed error
	for _, thread := range all {
		failed = errors.Join(failed, process.Pin(thread, cpuset.New(cpus...)))
	}
	return len(moves), failed
}

// interrupts has the interrupts of devices served by CPUs, and returns the devices that have
// none yet.
func (a *Agent) interrupts(devices []string, cpus cpuset.CPUSet) (without []string, err error) {
	interrupts, without, err := a.Host.Interrupts(devices)
	for _, interrupt := range interrupts {
		err = errors.Join(err, a.Host.SetInterrupt(interrupt, cpus))
	}
	return without, err
}

// occupy gives CPUs that a machine has the busy governor, and those that no machine has any
// more the free one. What fails is remembered as before, so that it is done again.
func (a *Agent) occupy(id int, cpus cpuset.CPUSet) error {
	next, freed := a.pins.With(id, cpus)
	var failed error
	for _, cpu := range cpus.List() {
		failed = errors.Join(failed, a.Host.Govern(cpu, a.Busy))
	}
	for _, cpu := range freed.List() {
		failed = errors.Join(failed, a.Host.Govern(cpu, a.Free))
	}
	if failed != nil {
		if !cpus.IsEmpty() { // all that may have to be given back
			a.pins, _ = a.pins.With(id, cpus.Union(a.pins[id]))
		}
		return errors.Join(failed, a.Host.NotePins(a.pins))
	}
	a.pins = next
	return a.Host.NotePins(next)
}
