// SPDX-License-Identifier: Apache-2.0

package launch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"karpenter.sh/providers/proxmox/capacity"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/pve"
)

// work is one launch on its way.
type work struct {
	*Launcher
	Order

	client   *pve.Client
	reserved capacity.Machine
	bindings []machineconfig.Binding
	affinity string // that the machine itself gets
	lostRace bool   // somebody else made a machine with the ID
	cloned   bool   // there may be a machine
	// lostAnswer means that nobody knows whether the clone was begun.
	lostAnswer bool
	medium     *medium
	made       Made
}

// run takes the steps of PVE-063, in their order.
func (w *work) run(ctx context.Context) error {
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"reserving capacity", w.reserve},
		{"cloning template " + strconv.Itoa(w.Template.ID), w.clone},
		{"configuring it", w.configure},
		{"setting up its firewall", w.protect},
		{"giving it boot data", w.attach},
		{"starting it", w.start},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	w.Ledger.Started(w.at(), w.made.ID, w.Clock.Now())
	return nil
}

func (w *work) at() capacity.Place { return capacity.Place{Region: w.Region, Host: w.Host} }

// holder is the name by which the machine holds addresses.
func (w *work) holder() string { return Holder(w.Region, w.made.ID) }

// Holder is the name by which a machine holds addresses in the book.
func Holder(region string, id int) string { return fmt.Sprintf("machine %s/%d", region, id) }

func (w *work) reserve(ctx context.Context) error {
	m, err := w.Ledger.Reserve(w.at(), w.made.ID, capacity.Need{VCPUs: w.VCPUs, MemoryBytes: w.MemoryBytes})
	if err != nil {
		return err
	}
	w.reserved = m
	if m.Pinned.IsEmpty() {
		return nil
	}
	// Only root's own calls may pin; else an agent on the host reads whereto (PVE-058).
	root, err := w.client.Root(ctx)
	if err != nil {
		return err
	}
	if root {
		w.affinity = m.Pinned.String()
	} else {
		w.Owner.Affinity = m.Pinned.String()
	}
	for _, node := range slices.Sorted(maps.Keys(m.Nodes)) {
		w.bindings = append(w.bindings, machineconfig.Binding{Node: node, VCPUs: m.NodeCPUs[node], MiB: m.Nodes[node] >> 20})
	}
	return nil
}

func (w *work) clone(ctx context.Context) error {
	var err error
	if w.made.TemplateOptions, err = w.client.Options(ctx, w.Template); err != nil {
		return err
	}
	w.Owner.Image = machineconfig.TemplateIdentity(w.Template.ID, w.made.TemplateOptions)
	w.cloned = true
	err = w.patient(ctx, func() error {
		return w.client.Clone(ctx, w.Template, pve.Clone{
			ID: w.made.ID, Name: w.Name, Host: w.Host, Storage: w.Storage, Pool: w.Pool, Description: w.Owner.Description(),
		})
	})
	w.lostAnswer = pve.IsUnreachable(err) && !errors.Is(err, pve.ErrTaskTimeout)
	if pve.IsTaken(err) {
		w.lostRace, w.cloned = true, false
	}
	return err
}

// configure makes the clone what it is to be, in one update beside the growth of its disk.
func (w *work) configure(ctx context.Context) error {
	if err := w.settle(ctx); err != nil {
		return err
	}
	how := machineconfig.Launch{
		ID: w.made.ID, Name: w.Name, InstanceType: w.InstanceType, VCPUs: w.VCPUs, MemoryBytes: w.MemoryBytes, DiskBytes: w.DiskBytes,
		Tags: w.Tags, Affinity: w.affinity, Bindings: w.bindings,
	}
	disk, gib, err := how.Growth(w.made.Options)
	if err != nil {
		return err
	}
	if gib > 0 {
		if err := w.patient(ctx, func() error { return w.client.Resize(ctx, w.made.Place, disk, gib) }); err != nil {
			return err
		}
	}
	set := how.Options(w.made.Options)
	if err := w.connect(ctx, set); err != nil {
		return err
	}
	if err := w.patient(ctx, func() error { return w.client.Configure(ctx, w.made.Place, pve.Change{Set: set}) }); err != nil {
		return err
	}
	if w.made.Options, err = w.client.Options(ctx, w.made.Place); err != nil {
		return err
	}
	if machineconfig.CloudInitDrive(w.made.Options) {
		return w.client.RegenerateCloudInit(ctx, w.made.Place)
	}
	return nil
}

// The clone is looked at so often, first after so long, then after twice as long each time.
const (
	settleChecks = 6
	settleFirst  = 2 * time.Second
)

// settle waits until the clone can be read: another member of the cluster may answer, and
// know of it later (PVE-065, PVE-221).
func (w *work) settle(ctx context.Context) error {
	pause := settleFirst
	for check := 1; ; check++ {
		options, err := w.client.Options(ctx, w.made.Place)
		if err == nil {
			w.made.Options = options
			return nil
		}
		if check == settleChecks || !pve.IsGone(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-w.Clock.After(pause):
		}
		pause *= 2
	}
}

// connect gives the interfaces their addresses, and adds them to the options that are set.
func (w *work) connect(ctx context.Context, set pve.Options) error {
	bridges, err := w.client.Bridges(ctx, w.Host)
	if err != nil {
		return err
	}
	w.made.Bridges = map[string]network.Bridge{}
	for _, b := range bridges {
		w.made.Bridges[b.Name] = network.BridgeOf(b)
	}
	interfaces, err := network.Interfaces(w.made.Options, w.made.Bridges)
	if err != nil {
		return err
	}
	for _, i := range interfaces {
		given, err := w.Book.Allocate(w.holder(), i, w.made.Bridges[i.Bridge])
		if err != nil {
			return fmt.Errorf("network device net%d: %w", i.Number, err)
		}
		if config := given.Config(); config != "" {
			set["ipconfig"+strconv.Itoa(i.Number)] = config
		}
		w.made.Interfaces = append(w.made.Interfaces, given)
	}
	return nil
}

// protect puts the machine into its security groups (PVE-087).
func (w *work) protect(ctx context.Context) error {
	if len(w.Groups) == 0 {
		return nil
	}
	return Protect(ctx, w.client, w.made.Place, w.Groups)
}

// medium is a file in a storage.
type medium struct{ storage, id string }

// MediumDrive is what the medium is attached as.
const MediumDrive = "ide2"

// MediumTag marks machines whose medium is attached.
const MediumTag = "go-proxmox+cloud-init"

// mediumName is the name of a machine's medium. The UID of the NodeClaim tells apart those
// of clusters that share a storage and count from the same ID.
func mediumName(id int, uid string) string { return fmt.Sprintf("user-data-%d-%s.iso", id, uid) }

// formerMediumName is how media were called once.
func formerMediumName(id int) string { return fmt.Sprintf("user-data-%d.iso", id) }

// answers reports whether a storage can be written to and read now.
func answers(s pve.HostStorage) bool { return s.Active != 0 }

// attach writes the boot data onto a medium, and puts it in (PVE-090).
func (w *work) attach(ctx context.Context) error {
	if w.Files == nil {
		return nil
	}
	files, err := w.Files(ctx, w.made)
	if err != nil {
		return err
	}
	content, err := cloudinit.ISO(files)
	if err != nil {
		return err
	}
	storages, err := w.client.StoragesFor(ctx, w.Host, "iso")
	if err != nil {
		return err
	}
	at := slices.IndexFunc(storages, answers)
	if at < 0 {
		return fmt.Errorf("host %s has no storage with content iso that is active", w.Host)
	}
	name, on := mediumName(w.made.ID, w.Owner.UID), storages[at].Name
	w.medium = &medium{storage: on, id: on + ":iso/" + name}
	if err := w.client.UploadISO(ctx, w.Host, w.medium.storage, name, content); err != nil {
		return err
	}
	return w.patient(ctx, func() error {
		return w.client.Configure(ctx, w.made.Place, pve.Change{Set: pve.Options{
			MediumDrive: w.medium.id + ",media=cdrom", "boot": machineconfig.BootOrder(w.made.Options, MediumDrive),
			"tags": machineconfig.JoinTags(append(slices.Clone(w.Tags), MediumTag)),
		}})
	})
}

func (w *work) start(ctx context.Context) error {
	return w.patient(ctx, func() error { return w.client.Start(ctx, w.made.Place) })
}

// busyRetries is how often a call is repeated that a lock was held against (PVE-066).
const busyRetries = 3

// patient repeats a call that waited for a lock for too long.
func (w *work) patient(ctx context.Context, do func() error) error {
	for attempt := 0; ; attempt++ {
		err := do()
		if !pve.IsBusy(err) || attempt == busyRetries || ctx.Err() != nil {
			return err
		}
	}
}
