// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/resourceversion"

	"karpenter.sh/core/events"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/scaling"
	"karpenter.sh/providers/clusterapi/signals"
	"karpenter.sh/providers/clusterapi/stock"
)

const (
	// suspectFor is how soon after a write another one is a quarrel; later it is a change
	// of mind (CAPI-016).
	suspectFor = time.Minute
	// remindAfter is how often a quarrel is told.
	remindAfter = 10 * time.Minute
)

// overwritten reports whether somebody else has written the replicas of a deployment after
// a write of ours, while that was recent.
func overwritten(d *capi.MachineDeployment, ours scaling.Write, now time.Time) bool {
	if d.UID != ours.Deployment || d.Replicas() == ours.Replicas || now.Sub(ours.At) > suspectFor {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(d.ResourceVersion, ours.ResourceVersion)
	return err == nil && order > 0 // else the cache does not show ours yet
}

// quarrels tells of deployments whose replicas somebody else writes too.
func (r *Resolver) quarrels(nodeClass *v1alpha1.ClusterAPINodeClass, deployments []stock.Deployment) {
	for _, d := range deployments {
		ours, ok := r.opts.LastWrite(d.Name())
		if ok && overwritten(d.Object, ours, r.opts.Clock.Now()) {
			r.opts.Events.Publish(events.Event{
				Object: nodeClass, Type: events.Warning, Reason: signals.ReplicasOverwritten,
				Message: fmt.Sprintf("Somebody else has set the replicas of MachineDeployment %s to %d, shortly after Karpenter set them to %d: leave them unset elsewhere",
					d.Name(), d.Object.Replicas(), ours.Replicas),
				Gist:          d.Name().String(),
				DedupeValues:  []string{string(d.Object.UID)},
				DedupeTimeout: remindAfter,
			})
		}
	}
}
