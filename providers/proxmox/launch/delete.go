// SPDX-License-Identifier: Apache-2.0

package launch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/pve"
)

// Target is a machine to be ended.
type Target struct {
	Region string
	ID     int
	// Name is that of the NodeClaim, UID its own.
	Name, UID string
	// Cluster is the identity of the Kubernetes cluster; empty: any.
	Cluster string
	// Host is where it was launched; empty: not known. What it took is given back there if
	// it has gone, and nobody can tell any more where it was.
	Host string
}

// ErrNotFound means that there is no such machine: it has gone, or another one has its ID.
var ErrNotFound = errors.New("no such machine")

// ErrStranger means that another machine has the ID.
var ErrStranger = errors.New("another machine has its ID")

// ErrHostGone means that the host of a machine cannot be reached: whether it still runs is
// not known.
var ErrHostGone = errors.New("its host cannot be reached")

// Delete ends a machine with its disks and its medium, wherever it is now, and gives back
// what it took (PVE-100, PVE-101). A stranger with its ID stays as it is.
func (l *Launcher) Delete(ctx context.Context, t Target) error {
	c := l.Clients[t.Region]
	if c == nil {
		return fmt.Errorf("region %q: %w", t.Region, ErrNoRegion)
	}
	if err := l.delete(ctx, c, t); err != nil {
		return fmt.Errorf("ending machine %d of region %s: %w", t.ID, t.Region, err)
	}
	return nil
}

func (l *Launcher) delete(ctx context.Context, c *pve.Client, t Target) error {
	m, options, err := Find(ctx, c, t)
	if errors.Is(err, ErrNotFound) && !errors.Is(err, ErrStranger) {
		l.forget(t, cmp.Or(m.Host, t.Host))
	}
	if err != nil {
		return err
	}
	place := pve.Place{Host: m.Host, ID: m.ID}
	if err := stop(ctx, c, place); err != nil {
		return err
	}
	if err := DeleteMedium(ctx, c, place, options); err != nil { // before the machine, or nobody would come back for it
		return err
	}
	if err := remove(ctx, c, place); err != nil {
		return err
	}
	l.forget(t, m.Host)
	return nil
}

// Find looks for a machine wherever it is now. The error is ErrNotFound if it has gone,
// ErrStranger with it if another one has its ID, and ErrHostGone if nobody can tell.
func Find(ctx context.Context, c *pve.Client, t Target) (pve.Machine, pve.Options, error) {
	machines, err := c.Machines(ctx)
	if err != nil {
		return pve.Machine{}, nil, err
	}
	at := slices.IndexFunc(machines, func(m pve.Machine) bool { return m.ID == t.ID })
	if at < 0 {
		return pve.Machine{}, nil, ErrNotFound
	}
	m := machines[at]
	if m.Status == "unknown" {
		return m, nil, fmt.Errorf("host %s: %w", m.Host, ErrHostGone)
	}
	options, err := c.Options(ctx, pve.Place{Host: m.Host, ID: m.ID})
	switch {
	case pve.IsGone(err):
		return m, nil, ErrNotFound
	case err != nil:
		return m, nil, err
	case m.IsTemplate() || !t.is(m, options):
		return m, nil, fmt.Errorf("%w: %w: %q", ErrNotFound, ErrStranger, m.Name)
	}
	return m, options, nil
}

// is reports whether a machine is the one that is meant: by name, or by what it records.
func (t Target) is(m pve.Machine, options pve.Options) bool {
	owner, ours := machineconfig.OwnerOf(options["description"])
	if owner.Cluster != "" && t.Cluster != "" && owner.Cluster != t.Cluster {
		return false
	}
	return ours && (m.Name == t.Name || owner.UID != "" && owner.UID == t.UID)
}

// forget gives back what a machine took.
func (l *Launcher) forget(t Target, host string) {
	l.Book.Release(Holder(t.Region, t.ID))
	l.IDs.Freed(t.Region, t.ID)
	if host != "" {
		l.Ledger.Release(capacity.Place{Region: t.Region, Host: host}, t.ID, l.Clock.Now())
	}
}

// DeleteMedium deletes what the machine was booted with, by its options: from the storage
// that its drive names, else from any of the host that holds media. One that does not
// answer is passed over: it may never again, and no machine of the host would end.
func DeleteMedium(ctx context.Context, c *pve.Client, m pve.Place, options pve.Options) error {
	storages, err := c.StoragesFor(ctx, m.Host, "iso")
	if err != nil {
		return err
	}
	owner, _ := machineconfig.OwnerOf(options["description"])
	in := mediumIn(options, m.ID)
	var errs []error
	for _, s := range storages {
		if !answers(s) || in.storage != "" && s.Name != in.storage {
			continue
		}
		names := []string{mediumName(m.ID, owner.UID)}
		if former := formerMediumName(m.ID); s.Shared == 0 || in.id == s.Name+":iso/"+former {
			names = append(names, former) // on a shared storage it may be another cluster's
		}
		errs = append(errs, deleteMedia(ctx, c, m.Host, s.Name, names))
	}
	return errors.Join(errs...)
}

// deleteMedia deletes media of some names from a storage, as far as they are there.
func deleteMedia(ctx context.Context, c *pve.Client, host, storage string, names []string) error {
	content, err := c.Content(ctx, host, storage, "iso")
	if err != nil {
		return err
	}
	for _, name := range names {
		id := storage + ":iso/" + name
		if !slices.ContainsFunc(content, func(v pve.Volume) bool { return v.ID == id }) {
			continue
		}
		if err := c.DeleteVolume(ctx, host, storage, id); err != nil {
			return err
		}
	}
	return nil
}

// HasMedium reports whether the drive of a machine holds the medium that its launch made.
func HasMedium(options pve.Options, id int) bool { return mediumIn(options, id).id != "" }

// mediumIn is the medium of a launch in the drive of a machine; zero: there is none.
func mediumIn(options pve.Options, id int) medium {
	owner, _ := machineconfig.OwnerOf(options["description"])
	file, _, _ := strings.Cut(options[MediumDrive], ",")
	storage, name, _ := strings.Cut(file, ":iso/")
	if name != mediumName(id, owner.UID) && name != formerMediumName(id) {
		return medium{}
	}
	return medium{storage: storage, id: file}
}
