// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// volume is a disk, or a file.
type volume struct {
	// id is such as local-lvm:vm-100-disk-0 or local:iso/x.iso; place is the host that has
	// it, empty for all.
	id, place string
	storage   *storage
	content   string
	bytes     int64
	machine   int // its owner; 0: none
	data      []byte
	created   time.Time
}

// where is a volume's name: the same name is another volume on another host.
type where struct{ place, id string }

type volumes map[where]*volume

// used is how many bytes are taken of a storage as a host sees it.
func (v volumes) used(s *storage, host string) int64 {
	sum := s.blocked[s.place(host)]
	for _, volume := range v {
		if volume.storage == s && volume.place == s.place(host) {
			sum += volume.bytes
		}
	}
	return sum
}

// find finds a volume by its ID as a host sees it; nil: there is none.
func (r *region) find(id, host string) *volume {
	name, _, _ := strings.Cut(id, ":")
	s := r.storages[name]
	if s == nil {
		return nil
	}
	return r.volumes[where{s.place(host), id}]
}

// add makes a volume. The error is that of a storage that is full.
func (r *region) add(v volume, host string) (*volume, error) {
	v.place = v.storage.place(host)
	if r.volumes.used(v.storage, host)+v.bytes > int64(v.storage.GiB)*gib {
		return nil, fmt.Errorf("unable to create image: storage '%s': no space left on device", v.storage.Name)
	}
	r.volumes[where{v.place, v.id}] = &v
	return &v, nil
}

// remove deletes a volume.
func (r *region) remove(v *volume) { delete(r.volumes, where{v.place, v.id}) }

// newDisk makes the next disk of a machine.
func (r *region) newDisk(s *storage, m *machine, bytes int64, now time.Time) (*volume, error) {
	for n := 0; ; n++ {
		name := fmt.Sprintf("vm-%d-disk-%d", m.id, n)
		id := s.Name + ":" + name
		if s.Type == "dir" || s.Type == "nfs" {
			id = fmt.Sprintf("%s:%d/%s.raw", s.Name, m.id, name)
		}
		if r.volumes[where{s.place(m.host), id}] == nil {
			return r.add(volume{id: id, storage: s, content: "images", bytes: bytes, machine: m.id, created: now}, m.host)
		}
	}
}

// ofMachine are the volumes that a machine owns, in order.
func (v volumes) ofMachine(id int) []*volume {
	var out []*volume
	for _, volume := range v {
		if volume.machine == id {
			out = append(out, volume)
		}
	}
	slices.SortFunc(out, func(a, b *volume) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.place, b.place)) })
	return out
}

// sorted are all volumes of a storage as a host sees it.
func (v volumes) sorted(s *storage, host string) []*volume {
	return slices.SortedFunc(func(yield func(*volume) bool) {
		for volume := range maps.Values(v) {
			if volume.storage == s && volume.place == s.place(host) && !yield(volume) {
				return
			}
		}
	}, func(a, b *volume) int { return cmp.Compare(a.id, b.id) })
}

// parseSize reads a size such as 3G or 528K, in bytes.
func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "KMGT")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, fmt.Errorf("size %q: %w", text, err)
	}
	shift := map[string]int{"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[text[len(digits):]]
	return int64(n * float64(int64(1)<<shift)), nil
}

// formatSize writes a size with the largest unit that divides it.
func formatSize(bytes int64) string {
	for _, unit := range []struct {
		letter string
		shift  int
	}{{"T", 40}, {"G", 30}, {"M", 20}, {"K", 10}} {
		if bytes > 0 && bytes%(1<<unit.shift) == 0 {
			return strconv.FormatInt(bytes>>unit.shift, 10) + unit.letter
		}
	}
	return strconv.FormatInt(bytes, 10)
}
