// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"
	"slices"

	"github.com/awslabs/operatorpkg/status"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/validation"
	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/patch"
)

// assess judges all that Ready depends on, and writes it at once: were the
// conditions written one by one, every change of the spec would make the pool
// unready until the last of them has followed (API-116).
func (o Options) assess(ctx context.Context, pool *v1.NodePool) (reconcile.Result, error) {
	if !o.manages(pool) {
		return reconcile.Result{}, nil
	}
	nodeClass, found, err := o.nodeClass(ctx, pool)
	if err != nil {
		return reconcile.Result{}, err
	}
	before := pool.DeepCopy()
	forget(pool, v1.ConditionTypeValidationSucceeded, v1.ConditionTypeNodeClassReady, status.ConditionReady)
	conditions := o.conditions(pool)
	set(conditions, v1.ConditionTypeValidationSucceeded, o.validity(pool))
	set(conditions, v1.ConditionTypeNodeClassReady, readiness(pool.Spec.Template.Spec.NodeClassRef, nodeClass, found))
	o.describe(pool)
	o.pause(pool)
	keepTransitions(before, pool)
	if _, err := patch.Status(ctx, o.Client, before, pool); err != nil {
		return patch.Outcome(err)
	}
	o.tell(before, pool)
	return reconcile.Result{}, nil
}

// forget takes conditions off, in memory, so that they are found anew: Ready follows
// only from what changes, and whoever wrote it at the same time may have seen less.
func forget(pool *v1.NodePool, types ...string) {
	pool.SetConditions(slices.DeleteFunc(slices.Clone(pool.Status.Conditions), func(c status.Condition) bool {
		return slices.Contains(types, c.Type)
	}))
}

// keepOthers restores all conditions but one, for writers of a condition that Ready
// does not depend on. Setting it also works Ready out, from conditions that may be of
// another generation, or that a late cache shows; written, that would stand until
// the next change of the pool (API-087).
func keepOthers(before, after *v1.NodePool, own string) {
	now := conditionOf(after, own)
	after.SetConditions(before.Status.Conditions)
	forget(after, own)
	if now != nil {
		after.SetConditions(append(after.Status.Conditions, *now))
	}
}

// cause is why a condition is False; the zero cause means that it is True.
type cause struct{ reason, message string }

func set(conditions status.ConditionSet, conditionType string, why cause) {
	if why == (cause{}) {
		conditions.SetTrue(conditionType)
		return
	}
	conditions.SetFalse(conditionType, why.reason, why.message)
}

// validity judges the spec (LIF-225).
func (o Options) validity(pool *v1.NodePool) cause {
	found := validation.NodePool(pool, o.Vocabulary)
	switch {
	case len(found.Errors) > 0:
		return cause{v1.ReasonValidationFailed, found.Message()}
	case len(found.Budgets) > 0:
		return cause{v1.ReasonInvalidBudgets, found.Message()}
	}
	return cause{}
}

// keepTransitions restores the time of the last transition of conditions whose
// status is what it was: on the way there Ready may have had another, in memory
// only.
func keepTransitions(before, after *v1.NodePool) {
	conditions := slices.Clone(after.Status.Conditions)
	for i := range conditions {
		if old := conditionOf(before, conditions[i].Type); old != nil && old.Status == conditions[i].Status {
			conditions[i].LastTransitionTime = old.LastTransitionTime
		}
	}
	after.SetConditions(conditions)
}

// tell publishes what has come to be wrong with a pool, once for each change.
func (o Options) tell(before, after *v1.NodePool) {
	for _, conditionType := range []string{v1.ConditionTypeValidationSucceeded, v1.ConditionTypeNodeClassReady} {
		old, now := conditionOf(before, conditionType), conditionOf(after, conditionType)
		if !now.IsFalse() || (old.IsFalse() && old.Reason == now.Reason && old.Message == now.Message) {
			continue
		}
		o.Recorder.Publish(events.Event{
			Object: after, Type: events.Warning, Reason: now.Reason, Message: events.Sentence(now.Message),
			DedupeValues: []string{string(after.UID), now.Message},
		})
	}
}
