// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"slices"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/conditions"
	"karpenter.sh/core/events"
)

// statusControllers turn the conditions of objects into metrics and events
// (OPS-150 to OPS-154, OPS-197, OPS-198).
func (s *shared) statusControllers() []Controller {
	if s.options.DisableClusterStateObservability {
		return nil
	}
	claimLabels := append([]string{v1.NodePoolLabelKey}, s.managed.LabelKeys()...)
	claims := statusOptions(s, conditions.Known[*v1.NodeClaim]())
	claims.Labels, claims.Twins = claimLabels, s.options.CompatibilityMetrics
	pools := statusOptions(s, conditions.Known[*v1.NodePool]())
	pools.Twins = s.options.CompatibilityMetrics
	nodes := statusOptions(s, conditions.OfNode())
	nodes.Labels = append(slices.Clone(claimLabels), v1.NodeInitializedLabelKey)
	controllers := []Controller{statusController(claims), statusController(pools), statusController(nodes)}
	if s.options.FeatureGates.CapacityBuffer {
		buffers := statusOptions(s, conditions.OfBuffer())
		buffers.Twins = s.options.CompatibilityMetrics
		controllers = append(controllers, statusController(buffers))
	}
	return controllers
}

func statusOptions[T client.Object](s *shared, reader conditions.Reader[T]) conditions.Options[T] {
	return conditions.Options[T]{
		Scheme: s.manager.GetScheme(), Client: s.manager.GetClient(), Recorder: eventSink(s.manager),
		Registerer: s.registerer, Clock: s.clock, Reader: reader,
	}
}

// NodeClassStatus returns the controller that does the same for a NodeClass of a
// provider. It does nothing if cluster state observability is off (OPS-116).
func NodeClassStatus[T status.Object](s Setup) Controller {
	if s.Options.DisableClusterStateObservability {
		return registration(func(context.Context, manager.Manager) error { return nil })
	}
	return statusController(conditions.Options[T]{
		Scheme: s.Manager.GetScheme(), Client: s.Manager.GetClient(), Recorder: eventSink(s.Manager),
		Registerer: s.Registerer, Clock: s.Clock, Reader: conditions.Known[T](),
		NodeClass: true, Twins: s.Options.CompatibilityMetrics,
	})
}

// statusController makes the controller when it is registered, which is where
// an error belongs.
func statusController[T client.Object](o conditions.Options[T]) Controller {
	return registration(func(ctx context.Context, m manager.Manager) error {
		c, err := conditions.New(o)
		if err != nil {
			return err
		}
		return c.Register(ctx, m)
	})
}

// registration is a controller by what its registration does.
type registration func(context.Context, manager.Manager) error

// Register implements Controller.
func (r registration) Register(ctx context.Context, m manager.Manager) error { return r(ctx, m) }

// eventSink publishes core/v1 events, which is what tools that watch Karpenter
// read (OPS-167).
func eventSink(mgr manager.Manager) record.EventRecorder {
	return mgr.GetEventRecorderFor(events.Source) //nolint:staticcheck // the newer API has another kind of event
}
