// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// Reasons of the condition Drifted, beside those of providers (DIS-011).
const (
	ReasonNodePoolDrifted      = "NodePoolDrifted"
	ReasonRequirementsDrifted  = "RequirementsDrifted"
	ReasonInstanceTypeNotFound = "InstanceTypeNotFound"
)

const (
	// driftRecheck is how soon a NodeClaim is looked at again: providers do not say
	// when something changes (DIS-018).
	driftRecheck = 5 * time.Minute
	// typeSearchAfter is how old a NodeClaim is before its instance type is looked
	// for, typeFoundFor how long it counts as found (DIS-016).
	typeSearchAfter = time.Hour
	typeFoundFor    = 30 * time.Minute
)

// drifted is the rule of the condition Drifted.
func (c *Controller) drifted(ctx context.Context, nodeClaim *v1.NodeClaim, pool *v1.NodePool) (verdict, error) {
	observed := nodeClaim.StatusConditions(status.WithClock(c.Clock), status.WithObservedOnly())
	if !observed.IsTrue(v1.ConditionTypeLaunched) { // DIS-010
		return verdict{}, observed.Clear(v1.ConditionTypeDrifted)
	}
	reason, err := c.driftReason(ctx, nodeClaim, pool)
	if err != nil { // DIS-017
		return verdict{}, fmt.Errorf("looking for drift of nodeclaim %s: %w", nodeClaim.Name, err)
	}
	out := verdict{again: driftRecheck}
	if reason == "" {
		return out, observed.Clear(v1.ConditionTypeDrifted)
	}
	if old := observed.Get(v1.ConditionTypeDrifted); old.IsTrue() {
		if old.Reason != reason { // the age of the drift stays (DIS-018)
			old.Reason, old.Message = reason, reason
			setCondition(nodeClaim, *old)
		}
		return out, nil
	}
	nodeClaim.StatusConditions(status.WithClock(c.Clock)).SetTrueWithReason(v1.ConditionTypeDrifted, reason, reason)
	out.record = "marking drifted: " + reason
	return out, nil
}

func setCondition(nodeClaim *v1.NodeClaim, condition status.Condition) {
	for i := range nodeClaim.Status.Conditions {
		if nodeClaim.Status.Conditions[i].Type == condition.Type {
			nodeClaim.Status.Conditions[i] = condition
		}
	}
}

// driftReason is the first that applies, or empty (DIS-011).
func (c *Controller) driftReason(ctx context.Context, nodeClaim *v1.NodeClaim, pool *v1.NodePool) (string, error) {
	if hashesDiffer(nodeClaim, pool) {
		return ReasonNodePoolDrifted, nil
	}
	wanted, err := cloudprovider.RequirementsOf(pool.Spec.Template.Spec.Requirements, c.Vocabulary)
	if err != nil {
		return "", fmt.Errorf("reading the requirements of nodepool %s: %w", pool.Name, err)
	}
	if !requirement.OfLabels(nodeClaim.Labels).Compatible(wanted, requirement.Strict) { // DIS-013
		return ReasonRequirementsDrifted, nil
	}
	if found, err := c.typeExists(ctx, nodeClaim, pool); err != nil || !found {
		return ReasonInstanceTypeNotFound, err
	}
	reason, err := c.Provider.IsDrifted(ctx, nodeClaim)
	if cloudprovider.IsNodeClaimNotFoundError(err) {
		return currentReason(nodeClaim), nil
	}
	return string(reason), err
}

// currentReason is that of the condition as it is.
func currentReason(nodeClaim *v1.NodeClaim) string {
	if drifted := nodeClaim.StatusConditions(status.WithObservedOnly()).Get(v1.ConditionTypeDrifted); drifted.IsTrue() {
		return drifted.Reason
	}
	return ""
}

// hashesDiffer compares what the pool's template is now with what it was when the
// NodeClaim was made; false where one of them is not known (DIS-012).
func hashesDiffer(nodeClaim *v1.NodeClaim, pool *v1.NodePool) bool {
	hash, known := pool.Annotations[v1.NodePoolHashAnnotationKey]
	version, versioned := pool.Annotations[v1.NodePoolHashVersionAnnotationKey]
	ofClaim, knownToClaim := nodeClaim.Annotations[v1.NodePoolHashAnnotationKey]
	versionOfClaim, versionedClaim := nodeClaim.Annotations[v1.NodePoolHashVersionAnnotationKey]
	return known && versioned && knownToClaim && versionedClaim && version == versionOfClaim && hash != ofClaim
}

// typeExists reports whether the pool still has the instance type of a NodeClaim that
// is old enough, with an offering that it could have been bought through (DIS-014 to
// DIS-016).
func (c *Controller) typeExists(ctx context.Context, nodeClaim *v1.NodeClaim, pool *v1.NodePool) (bool, error) {
	now := c.Clock.Now()
	if now.Sub(nodeClaim.CreationTimestamp.Time) < typeSearchAfter || c.found.within(nodeClaim.UID, now) {
		return true, nil
	}
	all, err := c.Provider.GetInstanceTypes(ctx, pool)
	if err != nil {
		return false, fmt.Errorf("listing the instance types of nodepool %s: %w", pool.Name, err)
	}
	if len(all) == 0 {
		return true, nil // a provider that has nothing to say must not cost a node
	}
	for _, it := range all {
		if it.Name == nodeClaim.Labels[corev1.LabelInstanceTypeStable] && it.Offerings.HasCompatible(boughtAs(nodeClaim), anyKey) {
			c.found.note(nodeClaim.UID, now)
			return true, nil
		}
	}
	return false, nil
}

// anyKey may be undefined: what the labels do not say counts for nothing.
func anyKey(string) bool { return true }

// boughtAs are the labels of a NodeClaim as far as its offering has a say. Reserved
// machines may be demoted to on-demand (DIS-015).
func boughtAs(nodeClaim *v1.NodeClaim) requirement.Requirements {
	bought := requirement.OfLabels(nodeClaim.Labels)
	if nodeClaim.Labels[v1.CapacityTypeLabelKey] != v1.CapacityTypeReserved {
		return bought
	}
	var kept []requirement.Requirement
	for _, key := range []string{label.Zone} {
		if r, has := bought.Get(key); has {
			kept = append(kept, r)
		}
	}
	return requirement.All(append(kept, requirement.In(label.CapacityType, v1.CapacityTypeReserved, v1.CapacityTypeOnDemand))...)
}

// found remembers of which NodeClaims the instance type was found. Safe for concurrent
// use.
type found struct {
	mu sync.Mutex
	at map[types.UID]time.Time
}

func (f *found) within(uid types.UID, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, known := f.at[uid]
	return known && now.Sub(at) < typeFoundFor
}

// note keeps what was found, and drops what is old.
func (f *found) note(uid types.UID, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		f.at = map[types.UID]time.Time{}
	}
	f.at[uid] = now
	for other, at := range f.at {
		if now.Sub(at) >= typeFoundFor {
			delete(f.at, other)
		}
	}
}
