// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/metrics"
)

// launch creates the instance while Launched is Unknown (LIF-080..084).
func (c *Controller) launch(ctx context.Context, p *pass) error {
	if decided(p.conditions, v1.ConditionTypeLaunched) {
		c.launches.forget(client.ObjectKeyFromObject(p.nodeClaim))
		return nil
	}
	if len(p.nodeClaim.Unreadable) > 0 {
		c.refuseUnreadable(ctx, p)
		return nil
	}
	if wait := c.launches.wait(p.nodeClaim); wait > 0 {
		p.again(wait)
		return nil
	}
	created, err := c.create(ctx, p.nodeClaim)
	if err != nil {
		return c.launchFailed(ctx, p, err)
	}
	c.describe(p.nodeClaim, created)
	p.conditions.SetTrue(v1.ConditionTypeLaunched)
	p.then(func(ctx context.Context) error {
		logLaunched(ctx, p.nodeClaim)
		return nil
	})
	return nil
}

// refuseUnreadable tells that a NodeClaim of which a part cannot be read is not
// launched: what it asks for is not known (API-177). Its spec never changes, so
// nothing is tried again; it times out.
func (c *Controller) refuseUnreadable(ctx context.Context, p *pass) {
	texts := make([]string, len(p.nodeClaim.Unreadable))
	for i, problem := range p.nodeClaim.Unreadable {
		texts[i] = problem.String()
	}
	message := truncate("parts of the NodeClaim cannot be read: " + strings.Join(texts, "; "))
	if p.conditions.SetUnknownWithReason(v1.ConditionTypeLaunched, reasonUnreadable, message) {
		log.FromContext(ctx).Error(errors.New(message), "not launching nodeclaim")
	}
}

// reasonUnreadable is the reason of Launched while parts of the NodeClaim cannot
// be read.
const reasonUnreadable = "NodeClaimUnreadable"

// create asks the provider for an instance, unless it has answered already.
func (c *Controller) create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	if created := c.launches.created(nodeClaim); created != nil {
		return created, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.launchTimeout)
	defer cancel()
	created, err := c.Provider.Create(ctx, nodeClaim)
	if err != nil {
		return nil, err
	}
	c.launches.succeeded(nodeClaim, created)
	return created, nil
}

// launchFailed does what each class of error asks for (LIF-083). Such errors are
// logged here and not returned: the delay before the next attempt is kept by the
// launches, because the write of the failure brings another pass at once.
func (c *Controller) launchFailed(ctx context.Context, p *pass, err error) error {
	log.FromContext(ctx).Error(err, "failed launching nodeclaim")
	switch cloudprovider.ClassOf(err) {
	case cloudprovider.ClassInsufficientCapacity:
		c.Recorder.Publish(insufficientCapacity(p.nodeClaim, err))
		return c.giveUp(ctx, p, metrics.InsufficientCapacity)
	case cloudprovider.ClassNodeClassNotReady:
		c.Recorder.Publish(nodeClassNotReady(p.nodeClaim, err))
		return c.giveUp(ctx, p, metrics.NodeClassNotReady)
	}
	reason, message := cloudprovider.ReasonLaunchFailed, truncate(err.Error())
	if createError, ok := cloudprovider.AsCreateError(err); ok {
		reason, message = createError.Reason, createError.Message
	}
	p.conditions.SetUnknownWithReason(v1.ConditionTypeLaunched, reason, message)
	p.again(c.launches.failed(p.nodeClaim))
	return nil
}

// giveUp deletes a NodeClaim that cannot be launched and ends the pass.
func (c *Controller) giveUp(ctx context.Context, p *pass, reason metrics.Reason) error {
	if _, err := c.remove(ctx, p.nodeClaim, reason); err != nil {
		p.again(c.launches.failed(p.nodeClaim))
		return err
	}
	p.ended = true
	return nil
}

func logLaunched(ctx context.Context, nodeClaim *v1.NodeClaim) {
	log.FromContext(ctx).Info("launched nodeclaim",
		"provider-id", nodeClaim.Status.ProviderID,
		"instance-type", nodeClaim.Labels[corev1.LabelInstanceTypeStable],
		"zone", nodeClaim.Labels[corev1.LabelTopologyZone],
		"capacity-type", nodeClaim.Labels[v1.CapacityTypeLabelKey],
		"allocatable", nodeClaim.Status.Allocatable)
}
