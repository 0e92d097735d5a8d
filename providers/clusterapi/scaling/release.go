// SPDX-License-Identifier: Apache-2.0

package scaling

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/core/reconcile/pause"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/replicas"
)

// errRefused says that a write was answered by the API server, and not done.
var errRefused = errors.New("refused")

type leaver = batch.Caller[types.NamespacedName, struct{}]

// release serves a window of Machines that are to go (CAPI-048, CAPI-049).
func (s *Scaler) release(ctx context.Context, w batch.Window[types.NamespacedName, types.NamespacedName, struct{}]) {
	d := s.desks.enter(w.Key)
	defer s.desks.leave(w.Key, d)
	w.Requested(len(w.Callers))
	err := d.exclusively(ctx, func() error {
		inv, err := s.opts.Inventory.Fresh(ctx, w.Key)
		if apierrors.IsNotFound(err) {
			s.each(w.Callers, func(name types.NamespacedName) error { return s.end(ctx, name) })
			return nil
		}
		if err != nil {
			return err
		}
		r := &departure{Scaler: s, inv: inv}
		return r.depart(ctx, w.Callers)
	})
	for _, c := range w.Callers {
		answer(c, err)
	}
}

// each answers callers by what a function returns for their Machines.
func (s *Scaler) each(callers []leaver, do func(types.NamespacedName) error) {
	concurrency.Each(callers, parallel, func(_ int, c leaver) error {
		answer(c, do(c.Item))
		return nil
	})
}

// end deletes a Machine that no deployment counts (CAPI-047).
func (s *Scaler) end(ctx context.Context, name types.NamespacedName) error {
	m := &capi.Machine{}
	if err := s.opts.Inventory.Management.Live.Get(ctx, name, m); err != nil {
		return fmt.Errorf("reading Machine %s, which is to go: %w", name, err)
	}
	if m.Terminating() {
		return nil
	}
	return s.deleteMachine(ctx, m)
}

func answer(c leaver, err error) { c.Answer(batch.Result[struct{}]{Err: err}) }

// departure is the end of some Machines of a deployment, with its turn held.
type departure struct {
	*Scaler
	inv *inventory.Inventory
}

// depart marks the Machines and takes them off the replicas. Callers whose own Machine
// fails, is gone or goes already are answered here; the others share the error that is
// returned.
func (r *departure) depart(ctx context.Context, callers []leaver) error {
	marks := make([]mark, len(callers))
	concurrency.Each(callers, parallel, func(i int, c leaver) error {
		marks[i] = r.mark(ctx, c.Item)
		if marks[i].name == "" {
			answer(c, marks[i].err)
		}
		return nil
	})
	err := r.lower(ctx, marks)
	if errors.Is(err, errRefused) {
		return errors.Join(err, r.unmark(ctx, marks))
	}
	return err
}

// mark is what came of marking a Machine.
type mark struct {
	// name of the Machine that is marked; empty if there is nothing to be lowered for
	// it, or an error.
	name string
	err  error
	// fresh is the Machine if it was marked just now.
	fresh *capi.Machine
}

// mark makes Cluster API delete a Machine first. One that goes already, by itself or with
// all of the deployment, needs none, and one that its sets do not control is not counted
// (CAPI-047).
func (r *departure) mark(ctx context.Context, name types.NamespacedName) mark {
	m := r.machine(name)
	switch {
	case m == nil:
		return mark{err: r.end(ctx, name)}
	case m.Terminating(), !r.inv.Deployment.DeletionTimestamp.IsZero():
		return mark{}
	case m.Marked():
		return mark{name: m.Name}
	}
	var marked *capi.Machine
	err := patch.Persist(ctx, r.opts.Inventory.Management.Live, m, func(m *capi.Machine) error {
		marked = m.DeepCopy()
		set(&marked.Annotations, capi.AnnotationDelete, r.opts.Clock.Now().UTC().Format(time.RFC3339))
		_, err := patch.Object(ctx, r.opts.Management, m, marked)
		return err
	})
	if err != nil {
		return mark{err: fmt.Errorf("marking Machine %s for deletion: %w", name, err)}
	}
	return mark{name: m.Name, fresh: marked}
}

func (r *departure) machine(name types.NamespacedName) *capi.Machine {
	i := slices.IndexFunc(r.inv.Machines, func(c claim.Candidate) bool { return claim.NameOf(c.Machine) == name })
	if i < 0 {
		return nil
	}
	return r.inv.Machines[i].Machine
}

// lower takes marked Machines off the replicas and puts them on record, in one write
// (CAPI-048). An error for which the write certainly was not done is errRefused.
func (r *departure) lower(ctx context.Context, marks []mark) error {
	var marked []string
	for _, m := range marks {
		if m.name != "" {
			marked = append(marked, m.name)
		}
	}
	deployment := client.ObjectKeyFromObject(r.inv.Deployment)
	for attempt := 1; ; attempt++ {
		lowered := replicas.Lower(replicas.Going{
			Replicas: r.inv.Deployment.Replicas(), Recorded: r.inv.Recorded(), Marked: marked, Exists: r.inv.Has,
		})
		if !lowered.Changed {
			return nil
		}
		err := r.write(ctx, lowered)
		switch {
		case err == nil:
			return nil
		case !apierrors.IsConflict(err) || attempt == attempts:
			return certainly(fmt.Errorf("lowering the replicas of MachineDeployment %s from %d to %d: %w", deployment, r.inv.Deployment.Replicas(), lowered.Replicas, err))
		}
		if err := r.pause(ctx, attempt); err != nil {
			return errors.Join(errRefused, err)
		}
		fresh := &capi.MachineDeployment{}
		if err := r.opts.Inventory.Management.Live.Get(ctx, deployment, fresh); err != nil {
			return errors.Join(errRefused, fmt.Errorf("reading MachineDeployment %s again: %w", deployment, err))
		}
		r.inv.Deployment = fresh
	}
}

func (r *departure) write(ctx context.Context, lowered replicas.Lowered) error {
	after := r.inv.Deployment.DeepCopy()
	after.Spec.Replicas = new(lowered.Replicas)
	set(&after.Annotations, v1alpha1.AnnotationPendingDeletion, replicas.Record(lowered.Recorded))
	unchanged := patch.If(replicasField(), []string{"metadata", "annotations", v1alpha1.AnnotationPendingDeletion})
	return r.writes.write(client.ObjectKeyFromObject(after), after, func() error {
		_, err := patch.Object(ctx, r.opts.Management, r.inv.Deployment, after, unchanged)
		return err
	})
}

// certainly marks an error as errRefused if the API server answered with it: then the
// write was not done. After any other, such as a lost connection, it may have been, and
// marks must stay: without them Cluster API would delete any other Machine (CAPI-051).
func certainly(err error) error {
	var answered apierrors.APIStatus
	if errors.As(err, &answered) && answered.Status().Code < http.StatusInternalServerError {
		return errors.Join(errRefused, err)
	}
	return err
}

// unmark takes back the marks that were just made; one that cannot be taken back is
// told (CAPI-051).
func (r *departure) unmark(ctx context.Context, marks []mark) error {
	var errs []error
	for _, m := range marks {
		if m.fresh == nil {
			continue
		}
		unmarked := m.fresh.DeepCopy()
		delete(unmarked.Annotations, capi.AnnotationDelete)
		if _, err := patch.Object(ctx, r.opts.Management, m.fresh, unmarked); err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("taking back the mark on Machine %s: %w", claim.NameOf(m.fresh), err))
		}
	}
	return errors.Join(errs...)
}

// deleteMachine deletes the very Machine that was read.
func (s *Scaler) deleteMachine(ctx context.Context, m *capi.Machine) error {
	err := s.opts.Management.Delete(ctx, m, client.Preconditions{UID: &m.UID})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("deleting Machine %s: %w", claim.NameOf(m), err)
	}
	return nil
}

// pause waits a moment before a write is tried again, the longer the oftener it failed,
// and not as long as others who failed with it.
func (s *Scaler) pause(ctx context.Context, attempt int) error {
	const step = 50 * time.Millisecond
	if !pause.For(ctx, s.opts.Clock, step*time.Duration(attempt)/2+rand.N(step*time.Duration(attempt))) {
		return context.Cause(ctx)
	}
	return nil
}
