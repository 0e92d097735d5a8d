// SPDX-License-Identifier: Apache-2.0

// Package qemuconfig reads the file that the options of a machine are in on its host,
// /etc/pve/qemu-server/<ID>.conf, as far as whoever pins machines needs to know.
//
// It decides what the file says: the CPUs that a machine is to have, how many it has, and
// which devices of the host. It reads no file, and takes any text: what it does not
// understand it leaves out, since others write those files and users fill them.
//
// Vocabulary: a machine's snapshots, and the changes that wait for its next start, are
// sections of the file. The options are those before the first section.
//
// It imports package topology only. Start reading at [Parse].
package qemuconfig

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/providers/proxmox/topology"
)

// Config are the options of a machine.
type Config struct {
	// Options are all options as they are written, but for the description.
	Options map[string]string
	// Description is free text, decoded.
	Description string
}

// longest is the size of files that are read, in bytes; the cluster's file system holds
// none that is larger.
const longest = 1 << 20

var (
	option    = regexp.MustCompile(`^([a-z][a-z_-]*[0-9]*):\s*(.*?)\s*$`)
	separator = regexp.MustCompile(`[,;\s]+`)
)

// Parse reads a file. Of an option that is there twice the last counts.
func Parse(text []byte) Config {
	c := Config{Options: map[string]string{}}
	var description []string
	for line := range strings.Lines(string(text[:min(len(text), longest)])) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "[") {
			break
		}
		if comment, is := strings.CutPrefix(line, "#"); is {
			description = append(description, decoded(comment))
			continue
		}
		m := option.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if m[1] == "description" {
			description = append(description, decoded(m[2]))
			continue
		}
		c.Options[m[1]] = m[2]
	}
	c.Description = strings.Join(description, "\n")
	return c
}

// decoded undoes the percent signs that special characters are written with.
func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// Is reports whether a machine has a name and a tag.
func (c Config) Is(name, tag string) bool {
	return c.Options["name"] == name && slices.Contains(separator.Split(c.Options["tags"], -1), tag)
}

// IsTemplate reports whether it is a template.
func (c Config) IsTemplate() bool { return c.Options["template"] == "1" }

// CPUs is how many virtual CPUs the machine has at most.
func (c Config) CPUs() int { return c.count("cores") * c.count("sockets") }

// Started is how many virtual CPUs it starts with; others can be plugged in later.
func (c Config) Started() int {
	if n, err := strconv.Atoi(c.Options["vcpus"]); err == nil && n > 0 {
		return min(n, c.CPUs())
	}
	return c.CPUs()
}

// mostVirtual is more than any machine has of cores or sockets; it keeps products small.
const mostVirtual = 1 << 14

// count is an option that is 1 where it is not told.
func (c Config) count(name string) int {
	if n, err := strconv.Atoi(c.Options[name]); err == nil && n > 0 && n <= mostVirtual {
		return n
	}
	return 1
}

// described matches the CPUs at the end of a description (PVE-065). They have no equals
// sign, so that of several marks the last is taken.
var described = regexp.MustCompile(`(?:^|[\s,])affinity=([^=]*)$`)

// longestList is the size of lists of CPUs that are read, in bytes. Errors quote them.
const longestList = 4096

// Affinity lists the CPUs of the host that the machine is to have, in the order of its own:
// those of the option, else those that its description ends with. None: it is not pinned.
func (c Config) Affinity() ([]int, error) {
	text, from := c.Options["affinity"], "option affinity"
	if text == "" {
		m := described.FindStringSubmatch(strings.TrimSpace(c.Description))
		if m == nil || strings.TrimSpace(m[1]) == "" {
			return nil, nil
		}
		text, from = m[1], "affinity in the description"
	}
	if len(text) > longestList {
		return nil, fmt.Errorf("%s: a list of %d bytes", from, len(text))
	}
	cpus, err := topology.InOrder(text, ",")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	if sorted := slices.Sorted(slices.Values(cpus)); len(slices.Compact(sorted)) != len(cpus) {
		return nil, fmt.Errorf("%s: a CPU is there twice", from)
	}
	return cpus, nil
}

var (
	passed = regexp.MustCompile(`^hostpci[0-9]+$`)
	pci    = regexp.MustCompile(`^(?:([0-9a-fA-F]{4}):)?([0-9a-fA-F]{2}:[0-9a-fA-F]{2})(?:\.([0-7]))?$`)
)

// Devices are the PCI devices of the host that the machine has, such as "0000:01:00.0", or
// "0000:01:00." where it has all functions of one, sorted. Mapped devices are left out: only
// the process of the machine shows which of them it got.
func (c Config) Devices() []string {
	var out []string
	for name, value := range c.Options {
		if !passed.MatchString(name) {
			continue
		}
		first, _, _ := strings.Cut(value, ",")
		for address := range strings.SplitSeq(strings.TrimPrefix(first, "host="), ";") {
			if device, ok := Device(address); ok {
				out = append(out, device)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Device is the address of a PCI device as the kernel writes it, with domain and small
// letters; false: it is no address. One without a function ends with a dot.
func Device(address string) (string, bool) {
	m := pci.FindStringSubmatch(strings.TrimSpace(address))
	if m == nil {
		return "", false
	}
	domain := m[1]
	if domain == "" {
		domain = "0000"
	}
	return strings.ToLower(domain + ":" + m[2] + "." + m[3]), true
}
