// SPDX-License-Identifier: Apache-2.0

package scaling

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
)

// takes is how often a Machine is tried to be claimed that others write to (CAPI-040).
const takes = 3

var (
	// errTaken says that a Machine is not to be had any more.
	errTaken = errors.New("somebody else has the Machine, or it is going")
	// errDeleting says that a NodeClaim needs no Machine any more.
	errDeleting = errors.New("it is being deleted")
)

// claimFor binds a Machine and a NodeClaim: the claim first, then the name on the
// NodeClaim. Without the second the first is taken back; what is left of it if that fails
// too is collected (CAPI-040, CAPI-055). A Machine that is somebody else's is errTaken.
func (s *Scaler) claimFor(ctx context.Context, m *capi.Machine, nodeClaim *v1.NodeClaim) (*capi.Machine, error) {
	by := claim.By(nodeClaim)
	workload, err := s.opts.Inventory.Identity(ctx)
	if err != nil {
		return nil, err
	}
	claimed, err := s.take(ctx, m, by, workload)
	if err != nil {
		return nil, err
	}
	if err := s.tell(ctx, nodeClaim, claimed); err != nil {
		return nil, errors.Join(err, s.drop(ctx, claimed))
	}
	return claimed, nil
}

// take writes the claim, which tells its workload cluster, on condition that nothing has
// come between.
func (s *Scaler) take(ctx context.Context, m *capi.Machine, by claim.Claim, workload types.UID) (*capi.Machine, error) {
	former, _ := claim.Of(m)
	for attempt := 1; ; attempt++ {
		if holder, claimed := claim.Of(m); claimed && holder == by {
			return m, nil
		}
		claimed := stamped(m, by, workload)
		free := patch.If([]string{"metadata", "annotations", v1alpha1.AnnotationNodeClaim}, []string{"metadata", "annotations", capi.AnnotationDelete}, deletionField())
		_, err := patch.Object(ctx, s.opts.Management, m, claimed, free)
		switch {
		case err == nil:
			return claimed, nil
		case !apierrors.IsConflict(err) && !apierrors.IsNotFound(err):
			return nil, fmt.Errorf("claiming Machine %s: %w", claim.NameOf(m), err)
		case attempt == takes:
			return nil, errTaken
		}
		if m, err = s.again(ctx, m); err != nil {
			return nil, err
		}
		if holder, claimed := claim.Of(m); m.Terminating() || m.Marked() || m.Failed() || (claimed && holder != by && holder != former) {
			return nil, errTaken
		}
	}
}

// stamped is a Machine with a claim, which replaces any that it had.
func stamped(m *capi.Machine, by claim.Claim, workload types.UID) *capi.Machine {
	claimed := m.DeepCopy()
	set(&claimed.Labels, v1alpha1.LabelMember, "")
	set(&claimed.Annotations, v1alpha1.AnnotationNodeClaim, by.String())
	if delete(claimed.Annotations, v1alpha1.AnnotationWorkload); workload != "" {
		claimed.Annotations[v1alpha1.AnnotationWorkload] = string(workload)
	}
	return claimed
}

// again reads a Machine past the cache; errTaken if it is gone.
func (s *Scaler) again(ctx context.Context, m *capi.Machine) (*capi.Machine, error) {
	read := &capi.Machine{}
	err := s.opts.Inventory.Management.Live.Get(ctx, claim.NameOf(m), read)
	if apierrors.IsNotFound(err) || (err == nil && read.UID != m.UID) {
		return nil, errTaken
	}
	if err != nil {
		return nil, fmt.Errorf("reading Machine %s again: %w", claim.NameOf(m), err)
	}
	return read, nil
}

// tell writes the name of the Machine on the stored NodeClaim.
func (s *Scaler) tell(ctx context.Context, nodeClaim *v1.NodeClaim, m *capi.Machine) error {
	err := patch.Persist(ctx, s.opts.Inventory.Workload.Live, nodeClaim, func(stored *v1.NodeClaim) error {
		if !stored.DeletionTimestamp.IsZero() {
			return errDeleting
		}
		told := stored.DeepCopy()
		set(&told.Annotations, v1alpha1.AnnotationMachine, claim.Annotation(claim.NameOf(m)))
		_, err := patch.Object(ctx, s.opts.Workload, stored, told, patch.If(deletionField()))
		return err
	})
	if err != nil {
		return fmt.Errorf("writing the name of Machine %s on NodeClaim %s: %w", claim.NameOf(m), nodeClaim.Name, err)
	}
	return nil
}

// drop takes back a claim that was just made.
func (s *Scaler) drop(ctx context.Context, m *capi.Machine) error {
	dropped := m.DeepCopy()
	delete(dropped.Labels, v1alpha1.LabelMember)
	delete(dropped.Annotations, v1alpha1.AnnotationNodeClaim)
	delete(dropped.Annotations, v1alpha1.AnnotationWorkload)
	ours := patch.If([]string{"metadata", "annotations", v1alpha1.AnnotationNodeClaim})
	if _, err := patch.Object(ctx, s.opts.Management, m, dropped, ours); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("taking back the claim on Machine %s: %w", claim.NameOf(m), err)
	}
	return nil
}

func deletionField() []string { return []string{"metadata", "deletionTimestamp"} }

// set puts an entry into a map that may not be there yet.
func set(m *map[string]string, key, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = value
}
