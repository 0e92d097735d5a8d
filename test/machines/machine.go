// SPDX-License-Identifier: Apache-2.0

package machines

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	kwok "karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/test/machines/v1alpha1"
)

// finalizer keeps a FakeMachine until its host is silent.
const finalizer = v1alpha1.Group + "/host"

// hosts brings every FakeMachine to what is due.
type hosts struct {
	client    client.Client
	workloads *workloads
	clock     clock.PassiveClock
}

func (h *hosts) Reconcile(ctx context.Context, m *v1alpha1.FakeMachine) (reconcile.Result, error) {
	if !m.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, h.end(ctx, m)
	}
	machine, err := h.machine(ctx, m)
	if err != nil || machine == nil {
		return reconcile.Result{}, err // an event of the Machine comes when there is one
	}
	due := DueAt(m, h.clock.Now())
	if err := h.writeSpec(ctx, m, due); err != nil {
		return reconcile.Result{}, err
	}
	switch {
	case due.Joined && !m.Status.Joined:
		if err := h.join(ctx, m, machine.Spec.Version); err != nil {
			return reconcile.Result{}, err
		}
	case m.Status.Joined && vanished(m):
		if err := h.vanish(ctx, m); err != nil {
			return reconcile.Result{}, err
		}
	}
	return reconcile.Result{RequeueAfter: due.Next}, h.writeStatus(ctx, m, due)
}

// machine is the Machine of a host; nil while it has no bootstrap data.
func (h *hosts) machine(ctx context.Context, m *v1alpha1.FakeMachine) (*clusterv1.Machine, error) {
	owner := metav1.GetControllerOf(m)
	if owner == nil || owner.Kind != "Machine" {
		return nil, nil //nolint:nilnil // absence is an answer, not a failure
	}
	machine := &clusterv1.Machine{}
	err := h.client.Get(ctx, client.ObjectKey{Namespace: m.Namespace, Name: owner.Name}, machine)
	switch {
	case apierrors.IsNotFound(err), err == nil && machine.Spec.Bootstrap.DataSecretName == nil:
		return nil, nil //nolint:nilnil // likewise
	case err != nil:
		return nil, fmt.Errorf("read Machine %s: %w", owner.Name, err)
	}
	return machine, nil
}

// writeSpec gives a host its finalizer, and its provider ID when it exists.
func (h *hosts) writeSpec(ctx context.Context, m *v1alpha1.FakeMachine, due Due) error {
	before := m.DeepCopy()
	changed := controllerutil.AddFinalizer(m, finalizer)
	if due.Provisioned && m.Spec.ProviderID == "" {
		m.Spec.ProviderID, changed = ProviderID(m), true
	}
	if !changed {
		return nil
	}
	if err := h.client.Patch(ctx, m, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("write FakeMachine %s: %w", m.Name, err)
	}
	return nil
}

func (h *hosts) writeStatus(ctx context.Context, m *v1alpha1.FakeMachine, due Due) error {
	before := m.DeepCopy()
	if due.Provisioned {
		m.Status.Initialization.Provisioned = new(true)
	}
	if due.Failed {
		m.Status.FailureReason, m.Status.FailureMessage = "CreateError", "the host fails, as it was told to"
	}
	m.Status.Joined = m.Status.Joined || due.Joined
	return patchStatus(ctx, h.client, m, before)
}

// join makes the Node.
func (h *hosts) join(ctx context.Context, m *v1alpha1.FakeMachine, version string) error {
	to, err := h.workload(ctx, m)
	if err != nil {
		return err
	}
	if err := to.Create(ctx, NodeOf(m, version)); err != nil && !apierrors.IsAlreadyExists(err) { // a try before this one made it
		return fmt.Errorf("make Node %s: %w", m.Name, err)
	}
	return nil
}

// vanish takes the Node away, as the controller of a cloud does that no longer finds the
// host.
func (h *hosts) vanish(ctx context.Context, m *v1alpha1.FakeMachine) error {
	from, err := h.workload(ctx, m)
	if err != nil {
		return err
	}
	return remove(ctx, from, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: m.Name}})
}

func remove(ctx context.Context, from client.Client, node *corev1.Node) error {
	if err := from.Delete(ctx, node); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete Node %s: %w", node.Name, err)
	}
	return nil
}

// end lets the Node fall silent, and takes it away: Cluster API deletes those Nodes only
// that it has found. Whether the host has joined is not asked, since what is read may be
// older than the Node.
func (h *hosts) end(ctx context.Context, m *v1alpha1.FakeMachine) error {
	before := m.DeepCopy()
	if !controllerutil.RemoveFinalizer(m, finalizer) {
		return nil
	}
	if err := h.silence(ctx, m); err != nil {
		return err
	}
	if err := h.client.Patch(ctx, m, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("let FakeMachine %s go: %w", m.Name, err)
	}
	return nil
}

func (h *hosts) silence(ctx context.Context, m *v1alpha1.FakeMachine) error {
	from, err := h.workload(ctx, m)
	if apierrors.IsNotFound(err) { // the cluster has gone first
		return nil
	}
	if err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: m.Name}}
	played := client.RawPatch("application/merge-patch+json",
		fmt.Appendf(nil, `{"metadata":{"annotations":{%q:null},"labels":{%q:null}}}`, kwok.KeyFakeNode, kwok.LabelPartition))
	if err := from.Patch(ctx, node, played); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("silence Node %s: %w", m.Name, err)
	}
	return remove(ctx, from, node)
}

func (h *hosts) workload(ctx context.Context, m *v1alpha1.FakeMachine) (client.Client, error) {
	return h.workloads.of(ctx, m.Namespace, m.Labels[clusterv1.ClusterNameLabel])
}
