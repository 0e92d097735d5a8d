// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"slices"

	"github.com/awslabs/operatorpkg/option"
	"github.com/awslabs/operatorpkg/status"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/apis/autoscaling/v1beta1"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/events"
)

// statusOption shapes the metrics of a kind.
type statusOption = option.Function[status.Option]

// conditionBuckets is the set COND of OPS-087, in seconds: from half a second to
// more than two hours.
func conditionBuckets() []float64 { return prometheus.ExponentialBuckets(0.5, 2, 15) }

// statusControllers turn the conditions of objects into metrics and events
// (OPS-150 to OPS-154, OPS-197, OPS-198).
func (s *shared) statusControllers() []Controller {
	if s.options.DisableClusterStateObservability {
		return nil
	}
	client, recorder := s.manager.GetClient(), eventSink(s.manager)
	buckets := status.WithHistogramBuckets(conditionBuckets())
	claimLabels := append([]string{v1.NodePoolLabelKey}, s.managed.LabelKeys()...)
	nodeLabels := append(slices.Clone(claimLabels), v1.NodeInitializedLabelKey)
	controllers := []Controller{
		status.NewController[*v1.NodeClaim](client, recorder, buckets, status.EmitDeprecatedMetrics, status.WithLabels(claimLabels...)),
		status.NewController[*v1.NodePool](client, recorder, buckets, status.EmitDeprecatedMetrics),
		status.NewGenericObjectController[*corev1.Node](client, recorder, buckets, status.WithLabels(nodeLabels...)),
	}
	if s.options.FeatureGates.CapacityBuffer {
		controllers = append(controllers, status.NewGenericObjectController[*v1beta1.CapacityBuffer](client, recorder, buckets, status.EmitDeprecatedMetrics))
	}
	return controllers
}

// NodeClassStatus returns the controller that does the same for a NodeClass of a
// provider. It does nothing if cluster state observability is off (OPS-116).
func NodeClassStatus[T status.Object](s Setup) Controller {
	if s.Options.DisableClusterStateObservability {
		return nothing{}
	}
	return status.NewController[T](s.Manager.GetClient(), eventSink(s.Manager), statusOption(status.EmitDeprecatedMetrics))
}

// nothing is a controller that is switched off.
type nothing struct{}

func (nothing) Register(context.Context, manager.Manager) error { return nil }

// eventSink publishes core/v1 events, which is what tools that watch Karpenter
// read (OPS-167).
func eventSink(mgr manager.Manager) record.EventRecorder {
	return mgr.GetEventRecorderFor(events.Source) //nolint:staticcheck // the newer API has another kind of event
}
