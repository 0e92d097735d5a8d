// SPDX-License-Identifier: Apache-2.0

package consistency

import (
	"context"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/core/reconcile/pace"
	"karpenter.sh/core/reconcile/patch"
)

// Name is the name of the controller in logs and metrics.
const Name = "nodeclaim.consistency"

// interval is the least time between two looks at a NodeClaim.
const interval = 10 * time.Minute

// Options are what the controller works with; all but CPUMillis are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client      client.Client
	NodeClasses cloudprovider.NodeClassKinds
	Clock       clock.Clock
	Recorder    events.Recorder
	// CPUMillis is the CPU request of the process, which scales the number of
	// workers.
	CPUMillis int64
}

// Controller is nodeclaim.consistency.
type Controller struct {
	Options
	looks pace.Pace
}

// New returns the controller.
func New(o Options) *Controller {
	return &Controller{Options: o}
}

// Reconcile looks at a NodeClaim, if it is time to.
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	nodeClaim := &v1.NodeClaim{}
	if err := c.Client.Get(ctx, req.NamespacedName, nodeClaim); err != nil {
		if errors.IsNotFound(err) {
			c.looks.Forget(req.NamespacedName)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("reading nodeclaim %s: %w", req.Name, err)
	}
	if !c.NodeClasses.Manages(nodeClaim.Spec.NodeClassRef) || nodeClaim.Status.ProviderID == "" {
		return reconcile.Result{}, nil
	}
	if wait := c.wait(nodeClaim); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}
	return c.look(ctx, nodeClaim)
}

// wait returns how long to put off the next look. A node that is still starting
// has nothing to be compared yet, and is busy enough.
func (c *Controller) wait(nodeClaim *v1.NodeClaim) time.Duration {
	now := c.Clock.Now()
	if wait := c.looks.Wait(nodeClaim, now); wait > 0 || initialized(nodeClaim) {
		return wait
	}
	return nodeClaim.CreationTimestamp.Add(interval).Sub(now)
}

// look compares the NodeClaim with its Node and stores the verdict. Without
// exactly one Node there is none.
func (c *Controller) look(ctx context.Context, nodeClaim *v1.NodeClaim) (reconcile.Result, error) {
	nodes, err := index.Nodes(ctx, c.Client, nodeClaim.Status.ProviderID)
	if err != nil || len(nodes) != 1 {
		return reconcile.Result{}, err
	}
	var issues []string
	if nodeClaim.DeletionTimestamp.IsZero() && initialized(nodeClaim) {
		issues = shapeIssues(&nodes[0], nodeClaim)
	}
	if err := c.store(ctx, nodeClaim, issues); err != nil {
		return patch.Outcome(err)
	}
	c.looks.Next(nodeClaim, c.Clock.Now().Add(interval))
	for _, issue := range issues {
		log.FromContext(ctx).Info("failed consistency check", "issue", issue)
		c.Recorder.Publish(failedConsistencyCheck(nodeClaim, issue))
	}
	return reconcile.Result{RequeueAfter: interval}, nil
}

func (c *Controller) store(ctx context.Context, nodeClaim *v1.NodeClaim, issues []string) error {
	before := nodeClaim.DeepCopy()
	conditions := nodeClaim.StatusConditions(status.WithClock(c.Clock))
	if len(issues) > 0 {
		conditions.SetFalse(v1.ConditionTypeConsistentStateFound, "ConsistencyCheckFailed", "Consistency Check Failed")
	} else {
		conditions.SetTrue(v1.ConditionTypeConsistentStateFound)
	}
	_, err := patch.Status(ctx, c.Client, before, nodeClaim)
	return err
}

func initialized(nodeClaim *v1.NodeClaim) bool {
	return nodeClaim.StatusConditions(status.WithObservedOnly()).IsTrue(v1.ConditionTypeInitialized)
}

func failedConsistencyCheck(nodeClaim *v1.NodeClaim, issue string) events.Event {
	message := events.Sentence(issue)
	return events.Event{
		Object: nodeClaim, Type: events.Warning, Reason: events.FailedConsistencyCheck, Message: message,
		DedupeValues: []string{string(nodeClaim.UID), message},
	}
}
