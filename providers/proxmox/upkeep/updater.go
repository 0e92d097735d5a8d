// SPDX-License-Identifier: Apache-2.0

package upkeep

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/firewall"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/providerid"
	"karpenter.sh/providers/proxmox/pve"
)

// Options are what machines are changed with; all are required.
type Options struct {
	// Client reads NodeClasses, NodeClaims and Nodes from the cache, with the fields of
	// karpenter.sh/core/reconcile/index, and annotates NodeClaims.
	Client client.Client
	// Clients call the regions, by name.
	Clients map[string]*pve.Client
	// Cluster is the identity of the Kubernetes cluster.
	Cluster string
	// Changed is told after a machine of a region was changed.
	Changed func(region string)
}

// Updater applies what a NodeClass says of machines that run. It implements the Updater of
// karpenter.sh/core/cloudprovider/kit/tag.
type Updater struct{ Options }

// NewUpdater returns an Updater.
func NewUpdater(o Options) *Updater { return &Updater{o} }

// Hash is that of what a machine is to have; empty if its NodeClass is gone.
func (u *Updater) Hash(ctx context.Context, nodeClaim *v1.NodeClaim) (string, error) {
	nodeClass, err := u.nodeClass(ctx, nodeClaim)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return nodeClass.InPlaceHash()
}

func (u *Updater) nodeClass(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1alpha1.ProxmoxNodeClass, error) {
	out := &v1alpha1.ProxmoxNodeClass{}
	err := u.Client.Get(ctx, client.ObjectKey{Name: nodeClaim.Spec.NodeClassRef.Name}, out)
	return out, err
}

// Update brings a machine to what its NodeClass says. The pool is annotated as soon as the
// machine is in it: it is what the next change leaves.
func (u *Updater) Update(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	nodeClass, err := u.nodeClass(ctx, nodeClaim)
	if err != nil {
		return err
	}
	m, err := u.find(ctx, nodeClaim)
	if err != nil {
		return err
	}
	defer u.Changed(m.region)
	pools := Pools{Actual: m.Pool, Recorded: nodeClaim.Annotations[v1alpha1.AnnotationPool], Wanted: nodeClass.Spec.ResourcePool}
	pooled := m.move(ctx, pools)
	if pooled == nil {
		pooled = u.record(ctx, nodeClaim, pools.Wanted)
	}
	m, err = u.configure(ctx, nodeClaim, m, func(m found) pve.Change { return Tags(m.options["tags"], nodeClass.Spec.Tags) })
	if errors.Is(err, errLost) {
		return errors.Join(err, pooled)
	}
	return errors.Join(err, m.protect(ctx, firewall.Of(nodeClass.Spec.SecurityGroups)), pooled)
}

// record annotates a NodeClaim with the pool of its machine.
func (u *Updater) record(ctx context.Context, nodeClaim *v1.NodeClaim, pool string) error {
	after := nodeClaim.DeepCopy()
	if pool == "" {
		delete(after.Annotations, v1alpha1.AnnotationPool)
	} else {
		if after.Annotations == nil {
			after.Annotations = map[string]string{}
		}
		after.Annotations[v1alpha1.AnnotationPool] = pool
	}
	if _, err := patch.Object(ctx, u.Client, nodeClaim, after); err != nil {
		return fmt.Errorf("recording the pool of nodeclaim %s: %w", nodeClaim.Name, err)
	}
	return nil
}

// found is the machine of a NodeClaim, where it is now.
type found struct {
	pve.Machine
	region  string
	client  *pve.Client
	options pve.Options
}

func (m found) place() pve.Place { return pve.Place{Host: m.Host, ID: m.ID} }

// find looks for the machine of a NodeClaim. One that has gone, or whose ID another machine
// has, is a NodeClaimNotFoundError.
func (u *Updater) find(ctx context.Context, nodeClaim *v1.NodeClaim) (found, error) {
	id, err := providerid.Resolve(ctx, u.Client, nodeClaim.Status.ProviderID, nodeClaim)
	if err != nil {
		return found{}, err
	}
	m := found{region: id.Region}
	if m.client = u.Clients[m.region]; m.client == nil {
		return found{}, fmt.Errorf("region %q: %w", m.region, launch.ErrNoRegion)
	}
	m.Machine, m.options, err = launch.Find(ctx, m.client, launch.Target{
		Region: m.region, ID: id.Machine, Name: nodeClaim.Name, UID: string(nodeClaim.UID), Cluster: u.Cluster,
	})
	switch {
	case errors.Is(err, launch.ErrNotFound):
		return found{}, cloudprovider.NewNodeClaimNotFoundError(err)
	case err != nil:
		return found{}, fmt.Errorf("finding machine %d of region %s: %w", id.Machine, m.region, err)
	}
	return m, nil
}

// modifiedRetries is how often a change is made anew that somebody else was faster than.
const modifiedRetries = 3

// errLost means that a machine is not where it was found, or that nobody can tell: whatever
// has its ID now may be a stranger.
var errLost = errors.New("the machine may not be there any more")

// configure changes the options of a machine. What is to be changed is asked again when
// somebody else has changed them meanwhile, as the mark of a medium goes while tags are
// replaced. It returns the machine as the change was made from it; errLost if it was lost.
func (u *Updater) configure(ctx context.Context, nodeClaim *v1.NodeClaim, m found, plan func(found) pve.Change) (found, error) {
	for attempt := 0; ; attempt++ {
		change := plan(m)
		change.Digest = m.options["digest"]
		err := m.client.Configure(ctx, m.place(), change)
		if err == nil {
			return m, nil
		}
		if pve.IsGone(err) {
			err = fmt.Errorf("%w: %w", errLost, err)
		}
		if !pve.IsModified(err) || attempt == modifiedRetries {
			return m, fmt.Errorf("configuring machine %d on host %s of region %s: %w", m.ID, m.Host, m.region, err)
		}
		again, err := u.find(ctx, nodeClaim)
		if err != nil {
			return m, fmt.Errorf("%w: %w", errLost, err)
		}
		m = again
	}
}

// move brings a machine into its pool.
func (m found) move(ctx context.Context, pools Pools) error {
	leave, join := Membership(pools)
	if join != "" {
		if err := m.client.JoinPool(ctx, join, m.ID); err != nil {
			return fmt.Errorf("putting machine %d of region %s into pool %q: %w", m.ID, m.region, join, err)
		}
	}
	if leave != "" {
		if err := m.client.LeavePool(ctx, leave, m.ID); err != nil {
			return fmt.Errorf("taking machine %d of region %s out of pool %q: %w", m.ID, m.region, leave, err)
		}
	}
	return nil
}

// protect brings the firewall of a machine to its groups.
func (m found) protect(ctx context.Context, groups []firewall.Group) error {
	if err := launch.Protect(ctx, m.client, m.place(), groups); err != nil {
		return fmt.Errorf("setting up the firewall of machine %d on host %s of region %s: %w", m.ID, m.Host, m.region, err)
	}
	return nil
}
