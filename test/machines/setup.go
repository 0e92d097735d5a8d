// SPDX-License-Identifier: Apache-2.0

package machines

import (
	"cmp"
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/test/machines/v1alpha1"
)

// concurrency of the controller of hosts, which waits for API servers.
const concurrency = 20

// Scheme knows what the controllers read and write.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, clusterv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("register types: %w", err)
		}
	}
	return scheme, nil
}

// Setup adds the controllers to a manager of the management cluster.
func Setup(m manager.Manager) error {
	c := m.GetClient()
	machines := &hosts{client: c, workloads: newWorkloads(m.GetAPIReader()), clock: clock.RealClock{}}
	err := builder.ControllerManagedBy(m).For(&v1alpha1.FakeMachine{}).
		Watches(&clusterv1.Machine{}, handler.EnqueueRequestsFromMapFunc(hostOf)).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency}).
		Complete(reconcile.AsReconciler(c, machines))
	if err != nil {
		return fmt.Errorf("add the controller of FakeMachines: %w", err)
	}
	err = builder.ControllerManagedBy(m).For(&v1alpha1.FakeMachineTemplate{}).
		Complete(reconcile.AsReconciler(c, templates{c}))
	if err != nil {
		return fmt.Errorf("add the controller of FakeMachineTemplates: %w", err)
	}
	err = builder.ControllerManagedBy(m).For(&v1alpha1.FakeControlPlane{}).
		Complete(reconcile.AsReconciler(c, controlPlanes{c}))
	if err != nil {
		return fmt.Errorf("add the controller of FakeControlPlanes: %w", err)
	}
	return nil
}

// hostOf is the FakeMachine of a Machine.
func hostOf(_ context.Context, o client.Object) []reconcile.Request {
	machine, ok := o.(*clusterv1.Machine)
	if !ok || machine.Spec.InfrastructureRef.Kind != "FakeMachine" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: machine.Namespace, Name: machine.Spec.InfrastructureRef.Name}}}
}

// templates tells what the hosts of a template will be.
type templates struct{ client client.Client }

func (r templates) Reconcile(ctx context.Context, t *v1alpha1.FakeMachineTemplate) (reconcile.Result, error) {
	before, spec := t.DeepCopy(), t.Spec.Template.Spec
	t.Status = v1alpha1.FakeMachineTemplateStatus{
		Capacity: spec.Capacity,
		NodeInfo: v1alpha1.NodeInfo{Architecture: cmp.Or(spec.Architecture, defaultArchitecture), OperatingSystem: operatingSystem},
	}
	return reconcile.Result{}, patchStatus(ctx, r.client, t, before)
}

// controlPlanes says that control planes serve: others see to it.
type controlPlanes struct{ client client.Client }

func (r controlPlanes) Reconcile(ctx context.Context, p *v1alpha1.FakeControlPlane) (reconcile.Result, error) {
	before := p.DeepCopy()
	p.Status.Initialization.ControlPlaneInitialized, p.Status.ExternalManagedControlPlane = new(true), new(true)
	return reconcile.Result{}, patchStatus(ctx, r.client, p, before)
}
