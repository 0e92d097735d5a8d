// SPDX-License-Identifier: Apache-2.0

package unmanagedtemplate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/placement"
	"karpenter.sh/providers/proxmox/pve"
)

// Name is the controller's name in logs and metrics.
const Name = "unmanagedtemplate.status"

// recheck is how often templates are looked for (PVE-031).
const recheck = 5 * time.Minute

// regions is how many are read at a time.
const regions = 10

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache and writes.
	Client client.Client
	// Clients call the regions, by name.
	Clients map[string]*pve.Client
	// Clock dates the transitions of conditions.
	Clock clock.Clock
}

// Controller finds templates.
type Controller struct{ Options }

// New returns the controller unmanagedtemplate.status.
func New(o Options) *Controller { return &Controller{o} }

// Register adds the controller to a manager. What it writes itself does not bring it back:
// failures that are told with ever new words would be repeated at once.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	profile := concurrency.Profile{Min: 10, Max: 10, Backoff: concurrency.Backoff{Base: time.Second, Longest: time.Minute, Rate: 10, Burst: 100}}
	return builder.ControllerManagedBy(m).
		Named(Name).
		For(&v1alpha1.ProxmoxUnmanagedTemplate{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(concurrency.Options[reconcile.Request](profile, 0)).
		Complete(reconcile.AsReconciler[*v1alpha1.ProxmoxUnmanagedTemplate](c.Client, c))
}

// Reconcile brings the status of one template to what there is.
func (c *Controller) Reconcile(ctx context.Context, stored *v1alpha1.ProxmoxUnmanagedTemplate) (reconcile.Result, error) {
	if !stored.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil
	}
	wanted := c.regionsOf(stored.Spec)
	read := make([]Region, len(wanted))
	_ = concurrency.Each(wanted, regions, func(i int, name string) error {
		read[i] = c.read(ctx, name, placement.Wanted{Name: stored.Spec.TemplateName, Tags: stored.Spec.Tags})
		return nil
	})
	v := Judge(stored, read)
	after := stored.DeepCopy()
	after.Status.Zones, after.Status.ImageID, after.Status.Resources.Zones = placement.Texts(v.Entries), v.ImageID, int32(len(v.Entries)) //nolint:gosec // hosts are few
	after.StatusConditions(status.WithClock(c.Clock)).Set(v.Condition)
	if _, err := patch.Status(ctx, c.Client, stored, after); err != nil {
		return patch.Outcome(fmt.Errorf("writing the status of unmanaged template %s: %w", stored.Name, err))
	}
	if v.Found { // zones that are only kept are those of what was searched then
		if err := c.stamp(ctx, after); err != nil {
			return patch.Outcome(err)
		}
	}
	if v.Err != nil {
		return reconcile.Result{}, fmt.Errorf("finding unmanaged template %s: %w", stored.Name, v.Err)
	}
	return reconcile.Result{RequeueAfter: recheck}, nil
}

// regionsOf are those that are searched, in order.
func (c *Controller) regionsOf(spec v1alpha1.ProxmoxUnmanagedTemplateSpec) []string {
	var out []string
	for name := range c.Clients {
		if spec.Region == "" || spec.Region == name {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// read finds the templates of a region that are meant.
func (c *Controller) read(ctx context.Context, name string, wanted placement.Wanted) Region {
	r := Region{Name: name, Online: map[string]bool{}, There: map[int]bool{}}
	r.Err = c.readInto(ctx, &r, wanted)
	return r
}

func (c *Controller) readInto(ctx context.Context, r *Region, wanted placement.Wanted) error {
	api := c.Clients[r.Name]
	hosts, err := api.Hosts(ctx)
	if err != nil {
		return fmt.Errorf("listing the hosts of region %s: %w", r.Name, err)
	}
	for _, h := range hosts {
		r.Online[h.Name] = h.Status == "online"
	}
	storages, err := api.Storages(ctx)
	if err != nil {
		return fmt.Errorf("listing the storages of region %s: %w", r.Name, err)
	}
	machines, err := api.Machines(ctx)
	if err != nil {
		return fmt.Errorf("listing the machines of region %s: %w", r.Name, err)
	}
	var found []placement.Template
	for _, m := range machines {
		if !wanted.Matches(m) {
			continue
		}
		r.There[m.ID] = true
		if !r.Online[m.Host] {
			continue
		}
		options, err := api.Options(ctx, pve.Place{Host: m.Host, ID: m.ID})
		if pve.IsGone(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading machine %d of region %s: %w", m.ID, r.Name, err)
		}
		found = append(found, placement.Template{Machine: m, Options: options})
		r.identify(m.ID, machineconfig.TemplateIdentity(m.ID, options))
	}
	r.Entries, r.Problems = placement.Find(r.Name, found, storages)
	return nil
}

// stamp annotates a template that this pass has found somewhere with the hash of what is
// searched (PVE-114).
func (c *Controller) stamp(ctx context.Context, t *v1alpha1.ProxmoxUnmanagedTemplate) error {
	hash, err := t.Hash()
	if err != nil {
		return fmt.Errorf("hashing unmanaged template %s: %w", t.Name, err)
	}
	if hash == "" {
		return nil
	}
	after := t.DeepCopy()
	if after.Annotations == nil {
		after.Annotations = map[string]string{}
	}
	after.Annotations[v1alpha1.AnnotationTemplateHash] = hash
	after.Annotations[v1alpha1.AnnotationTemplateHashVersion] = v1alpha1.TemplateHashVersion
	if _, err := patch.Object(ctx, c.Client, t, after); err != nil {
		return fmt.Errorf("annotating unmanaged template %s: %w", t.Name, err)
	}
	return nil
}
