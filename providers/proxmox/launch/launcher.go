// SPDX-License-Identifier: Apache-2.0

package launch

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/utils/clock"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/firewall"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
)

// Options are what a launcher works with.
type Options struct {
	// Clients call the regions, by name.
	Clients map[string]*pve.Client
	Ledger  *capacity.Ledger
	Book    *network.Book
	IDs     *IDs
	Clock   clock.Clock
}

// Launcher makes machines. It is safe for concurrent use.
type Launcher struct{ Options }

// New returns a launcher.
func New(o Options) *Launcher { return &Launcher{o} }

// Order is a machine to be made on one host.
type Order struct {
	Region, Host string
	// Name is the machine's, Owner whose it is.
	Name  string
	Owner machineconfig.Owner
	// Template is the machine that is cloned, Storage where its disks go: that of the
	// template, or another.
	Template pve.Place
	Storage  string
	Pool     string
	// InstanceType is the name of its type; then its shape.
	InstanceType string
	VCPUs        int
	MemoryBytes  int64
	// DiskBytes is the size that the boot disk is made, if it is smaller.
	DiskBytes int64
	Tags      []string
	// Groups are the security groups that it is in, in order.
	Groups []firewall.Group
	// Held reports whether something of the cluster still goes by an ID that no machine of
	// the region has: a launch does not take it. Nil: nothing does.
	Held func(ctx context.Context, id int) (bool, error)
	// Files are its boot data; nil: it gets none.
	Files func(context.Context, Made) (cloudinit.Files, error)
}

// Made is a machine that has been made.
type Made struct {
	pve.Place
	Region string
	// Options are those of its configuration.
	Options pve.Options
	// Interfaces are connected, with the bridges of the host by name.
	Interfaces []network.Interface
	Bridges    map[string]network.Bridge
	// TemplateOptions are those of the template.
	TemplateOptions pve.Options
}

// ErrNoRegion means that nobody knows a region.
var ErrNoRegion = errors.New("no such region")

// takenRetries is how often another ID is tried when somebody else was faster (PVE-064).
const takenRetries = 5

// Launch makes a machine and starts it. If it fails, all that was taken is given back
// before it returns; an error of that is joined. With [ErrRemains] the machine may still be
// there or come: its ID, addresses and capacity stay taken, until [Launcher.Delete] ends it
// or lists and surveys show that it is not there.
func (l *Launcher) Launch(ctx context.Context, o Order) (Made, error) {
	c := l.Clients[o.Region]
	if c == nil {
		return Made{}, fmt.Errorf("region %q: %w", o.Region, ErrNoRegion)
	}
	for attempt := 0; ; attempt++ {
		id, err := l.nextID(ctx, o, c)
		if err != nil {
			return Made{}, err
		}
		w := &work{Launcher: l, Order: o, client: c, made: Made{Place: pve.Place{Host: o.Host, ID: id}, Region: o.Region}}
		err = w.run(ctx)
		if err == nil {
			return w.made, nil
		}
		err = errors.Join(err, w.undo(ctx))
		if !w.lostRace || attempt == takenRetries {
			return Made{}, fmt.Errorf("launching machine %d on host %s of region %s: %w", id, o.Host, o.Region, err)
		}
	}
}

// nextID is an ID that no machine has, and that nothing goes by (PVE-064). One that is held
// rests like one in use.
func (l *Launcher) nextID(ctx context.Context, o Order, c *pve.Client) (int, error) {
	for {
		id, err := l.IDs.Next(ctx, o.Region, c)
		if err != nil || o.Held == nil {
			return id, err
		}
		held, err := o.Held(ctx, id)
		if err != nil {
			l.IDs.forget(o.Region, id)
			return 0, fmt.Errorf("looking for who holds ID %d of region %s: %w", id, o.Region, err)
		}
		if !held {
			return id, nil
		}
	}
}
