// SPDX-License-Identifier: Apache-2.0

// Package host reads and writes what the agent on a host needs of it: processes of machines
// in /proc, CPUs and devices in /sys, interrupts in /proc/irq, options of machines in
// /etc/pve, and the agent's own notes in /run/proxmox-scheduler.
//
// It decides nothing. It writes governors, affinities of interrupts and threads, and its
// notes, and nothing else; no name that it opens is made of what a user wrote. Directories
// are opened anew each time, since file systems are mounted anew while it runs.
//
// It imports packages qemuconfig and pinning. Start reading at [Host], then process.go.
package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"k8s.io/utils/cpuset"

	"karpenter.sh/providers/proxmox/hostagent/pinning"
	"karpenter.sh/providers/proxmox/hostagent/qemuconfig"
)

// The directories below the root.
const (
	procDir    = "proc"
	sysDir     = "sys"
	clusterDir = "etc/pve"
	runDir     = "run"
)

// Host is the host that the agent runs on. It is safe for concurrent use.
type Host struct {
	// Root is the directory that all others are below; "/" but in tests.
	Root string
	// PIDs is the directory with the process IDs of machines, a path of its own.
	PIDs string
	// Scheduler pins threads.
	Scheduler Scheduler
}

// Scheduler pins threads to CPUs.
type Scheduler interface {
	// SetAffinity lets a thread run on CPUs only. It fails if there is no such thread, and
	// if none of the CPUs is online.
	SetAffinity(thread int, cpus cpuset.CPUSet) error
}

// longest is the size of files that are read, in bytes.
const longest = 1 << 20

// read reads a file below a directory, which links do not lead out of.
func (h Host) read(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(filepath.Join(h.Root, dir))
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // nothing was written
	return readIn(root, name)
}

func readIn(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return io.ReadAll(io.LimitReader(f, longest))
}

// set writes a file that is there.
func (h Host) set(dir, name, value string) error {
	root, err := os.OpenRoot(filepath.Join(h.Root, dir))
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // the file is closed for itself
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

var pidFile = regexp.MustCompile(`^([1-9][0-9]{2,8})\.pid$`)

// MachineOf is the ID of the machine whose process a file tells; false: of none.
func MachineOf(file string) (int, bool) {
	m := pidFile.FindStringSubmatch(file)
	if m == nil {
		return 0, false
	}
	id, err := strconv.Atoi(m[1])
	return id, err == nil
}

// Machines are the IDs of machines that run, sorted. Their processes may have ended. Without
// the directory there are none.
func (h Host) Machines() ([]int, error) {
	files, err := os.ReadDir(h.PIDs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing machines that run: %w", err)
	}
	var out []int
	for _, file := range files {
		if id, is := MachineOf(file.Name()); is {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Config reads the options of a machine. While it comes from another host, they are there.
// The error is fs.ErrNotExist if no host has them.
func (h Host) Config(id int) (qemuconfig.Config, error) {
	file := strconv.Itoa(id) + ".conf"
	text, err := h.read(clusterDir, path.Join("qemu-server", file))
	if errors.Is(err, fs.ErrNotExist) {
		text, err = h.elsewhere(file)
	}
	if err != nil {
		return qemuconfig.Config{}, fmt.Errorf("reading options of machine %d: %w", id, err)
	}
	return qemuconfig.Parse(text), nil
}

// elsewhere reads a file of options of any host.
func (h Host) elsewhere(file string) ([]byte, error) {
	hosts, err := os.ReadDir(filepath.Join(h.Root, clusterDir, "nodes"))
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		text, err := h.read(clusterDir, path.Join("nodes", host.Name(), "qemu-server", file))
		if !errors.Is(err, fs.ErrNotExist) {
			return text, err
		}
	}
	return nil, fs.ErrNotExist
}

var configFile = regexp.MustCompile(`^([1-9][0-9]{2,8})\.conf$`)

// Configs are the options of all machines of this host, by their IDs.
func (h Host) Configs() (map[int]qemuconfig.Config, error) {
	const dir = "qemu-server"
	files, err := os.ReadDir(filepath.Join(h.Root, clusterDir, dir))
	if err != nil {
		return nil, fmt.Errorf("listing machines: %w", err)
	}
	out := map[int]qemuconfig.Config{}
	for _, file := range files {
		m := configFile.FindStringSubmatch(file.Name())
		if m == nil {
			continue
		}
		text, err := h.read(clusterDir, path.Join(dir, file.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has gone meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("reading options of machine %s: %w", m[1], err)
		}
		id, _ := strconv.Atoi(m[1]) // the pattern leaves no other
		out[id] = qemuconfig.Parse(text)
	}
	return out, nil
}

// Membership is what a host is in its cluster.
type Membership struct {
	// Name is the host's.
	Name string
	// Quorate is whether the cluster can be written to. A host that is in none always can.
	Quorate bool
}

var hostName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)

// Membership reads what the host is in its cluster.
func (h Host) Membership() (Membership, error) {
	const doing = "reading the members of the cluster: %w"
	text, err := h.read(clusterDir, ".members")
	if err != nil {
		return Membership{}, fmt.Errorf(doing, err)
	}
	var members struct {
		Name    string `json:"nodename"`
		Cluster *struct {
			Quorate int `json:"quorate"`
		} `json:"cluster"`
	}
	if err := json.Unmarshal(text, &members); err != nil {
		return Membership{}, fmt.Errorf(doing, err)
	}
	if !hostName.MatchString(members.Name) {
		return Membership{}, fmt.Errorf(doing, fmt.Errorf("%q is no name of a host", members.Name))
	}
	return Membership{Name: members.Name, Quorate: members.Cluster == nil || members.Cluster.Quorate == 1}, nil
}

// The agent's notes, which outlive its process but not the host's.
const notesDir, notesFile = "proxmox-scheduler", "pins.json"

// Pins reads which machines were pinned when they were last noted; none if nothing was.
func (h Host) Pins() (pinning.Pins, error) {
	text, err := h.read(runDir, path.Join(notesDir, notesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return pinning.Pins{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading notes of pinned machines: %w", err)
	}
	var noted map[int]string
	if err := json.Unmarshal(text, &noted); err != nil {
		return nil, fmt.Errorf("reading notes of pinned machines: %w", err)
	}
	out := pinning.Pins{}
	for id, list := range noted {
		if out[id], err = cpuset.Parse(list); err != nil {
			return nil, fmt.Errorf("reading notes of pinned machine %d: %w", id, err)
		}
	}
	return out, nil
}

// NotePins writes which machines are pinned.
func (h Host) NotePins(pins pinning.Pins) error {
	if err := h.notePins(pins); err != nil {
		return fmt.Errorf("noting pinned machines: %w", err)
	}
	return nil
}

func (h Host) notePins(pins pinning.Pins) error {
	noted := map[int]string{}
	for id, cpus := range pins {
		noted[id] = cpus.String()
	}
	text, err := json.Marshal(noted)
	if err != nil {
		return err
	}
	run, err := os.OpenRoot(filepath.Join(h.Root, runDir))
	if err != nil {
		return err
	}
	defer run.Close() //nolint:errcheck // the file is closed for itself
	if err := run.Mkdir(notesDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	file := path.Join(notesDir, notesFile)
	if old, err := readIn(run, file); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := run.WriteFile(file+".new", text, 0o600); err != nil {
		return err
	}
	return run.Rename(file+".new", file)
}
