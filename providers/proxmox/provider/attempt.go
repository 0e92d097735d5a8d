// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/bootdata"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/failure"
	"karpenter.sh/providers/proxmox/firewall"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/inventory"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/providerid"
	"karpenter.sh/providers/proxmox/pve"
)

// bootData are those of a launch; nil: it has none.
type bootData struct{ *bootdata.Prepared }

func subjectOf(o order) bootdata.Subject {
	return bootdata.Subject{NodeClaim: o.nodeClaim, NodeClass: o.nodeClass}
}

// launching is a launch with what has gone wrong so far.
type launching struct {
	*Provider
	order
	boot     bootData
	hash     string // of what machines that run are brought to
	verdicts []errortable.Verdict
	remains  bool // a machine that could not be taken back
}

// try makes an attempt. It is false if that failed, or could not be made.
func (l *launching) try(ctx context.Context, w wanted, on placement.Entry) (machine, bool) {
	zone := instancetype.Zone{Region: on.Region, Host: on.Host}
	shape := l.types.shapes[w.Name]
	attempt := failure.Attempt(shape, zone, disksOf(l.nodeClass))
	if _, marked := l.opts.Health.Snapshot().Why(attempt); marked || !l.usable(zone) {
		return machine{}, false // it became so since the types were looked at
	}
	l.attempts(l.order, on)
	made, err := l.make(ctx, w, on, shape)
	l.opts.Inventory.Changed(on.Region)
	l.remains = errors.Is(err, launch.ErrRemains)
	l.attempted(l.order, err == nil || l.remains)
	if err == nil {
		return made, true
	}
	v := l.table.Classify(failure.Of(err), attempt)
	for _, mark := range v.Marks {
		if err := l.opts.Health.Mark(mark); err != nil {
			v.Err = errors.Join(v.Err, err)
		}
	}
	l.verdicts = append(l.verdicts, v)
	if failure.Silence(err) && ctx.Err() == nil {
		l.opts.Inventory.Doubt(ctx, on.Region) // what cannot be read is unavailable from now on
	}
	return machine{}, false
}

// make makes a machine on a host.
func (l *launching) make(ctx context.Context, w wanted, on placement.Entry, shape instancetype.Shape) (machine, error) {
	template, there := l.template(on)
	if !there {
		l.opts.Inventory.Doubt(ctx, on.Region) // it may be new
		template, there = l.template(on)
	}
	if !there {
		return machine{}, fmt.Errorf("template %d of region %s: %w", on.Template, on.Region, launch.ErrNoTemplate)
	}
	owner := machineconfig.Owner{
		NodeClass: l.nodeClass.Name, CapacityType: shape.CapacityType, NodePool: l.nodeClaim.Labels[v1.NodePoolLabelKey],
		Cluster: l.opts.Cluster, UID: string(l.nodeClaim.UID),
	}
	disk := w.Capacity[corev1.ResourceEphemeralStorage]
	o := launch.Order{
		Region: on.Region, Host: on.Host, Name: l.nodeClaim.Name, Owner: owner,
		Template: pve.Place{Host: template.Host, ID: on.Template}, Storage: l.nodeClass.Spec.BootDeviceStorage(),
		Pool: l.nodeClass.Spec.ResourcePool, InstanceType: w.Name, VCPUs: shape.VCPUs(), MemoryBytes: shape.MemoryBytes(),
		DiskBytes: disk.Value(), Tags: l.nodeClass.Spec.Tags, Groups: firewall.Of(l.nodeClass.Spec.SecurityGroups),
	}
	o.Held = func(ctx context.Context, id int) (bool, error) {
		return l.held(ctx, providerid.ID{Region: on.Region, Machine: id})
	}
	if l.boot.Prepared != nil {
		o.Files = func(ctx context.Context, made launch.Made) (cloudinit.Files, error) {
			return l.boot.Files(ctx, bootdata.Machine{Made: made, Type: w.InstanceType, Labels: cloudprovider.LaunchLabels(w.InstanceType, w.offering(on))})
		}
	}
	made, err := l.opts.Launcher.Launch(ctx, o)
	if err != nil {
		return machine{}, err
	}
	return l.brought(made, o), nil
}

// template is the one that machines on a host are cloned from; false: it is not there.
func (p *Provider) template(on placement.Entry) (placement.Template, bool) {
	reading, _ := p.opts.Inventory.Reading(on.Region)
	return reading.Template(on.Template)
}

// brought is what a launch made, as lists show it later.
func (l *launching) brought(made launch.Made, o launch.Order) machine {
	o.Owner.Image = machineconfig.TemplateIdentity(o.Template.ID, made.TemplateOptions)
	m := machine{
		Machine: inventory.Machine{
			Machine: pve.Machine{ID: made.ID, Host: made.Host, Name: o.Name, Type: "qemu", Status: "running", Pool: o.Pool},
			Region:  made.Region, Known: true, Ours: true, Owner: o.Owner, InstanceType: o.InstanceType,
			CPUType: machineconfig.CPUType(made.Options), VCPUs: o.VCPUs, FirstSeen: l.opts.Clock.Now(),
		},
		annotations: map[string]string{v1alpha1.AnnotationNodeInPlaceHash: l.hash}, // the pool is the machine's
	}
	if token := l.boot.Token(); token != "" {
		m.annotations[v1alpha1.AnnotationToken] = token
	}
	return m
}

// discardLimit bounds what an API server that hangs keeps of a launch that failed, and of
// [Provider.Close]. Tokens that stay expire.
const discardLimit = 30 * time.Second

// failed is the error of a launch that brought no machine (PVE-066). The token that it
// made is taken back.
func (l *launching) failed(ctx context.Context) error {
	err := combine(l.verdicts)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		return cloudprovider.NewInsufficientCapacityError(errUnavailable)
	}
	discarding, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardLimit)
	defer cancel()
	if discard := l.boot.Discard(discarding); discard != nil {
		err = errors.Join(err, discard)
	}
	if l.remains {
		return errors.Join(err, launch.ErrRemains)
	}
	return err
}

// combine makes one error of all that went wrong; nil: nothing did. It is one of capacity
// only if nothing else went wrong: others may succeed when tried again.
func combine(verdicts []errortable.Verdict) error {
	short, causes := 0, make([]error, len(verdicts))
	for i, v := range verdicts {
		causes[i] = v.Err
		var lacks *cloudprovider.InsufficientCapacityError
		if errors.As(v.Err, &lacks) {
			short++
			causes[i] = lacks.Unwrap() // else the whole would pass for a lack of capacity
		}
	}
	if short == 0 || short == len(verdicts) {
		return errortable.Combine(verdicts...)
	}
	all := errors.Join(causes...)
	return cloudprovider.NewCreateError(all, cloudprovider.ReasonLaunchFailed, all.Error())
}
