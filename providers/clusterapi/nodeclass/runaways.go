// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/events"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/replicas"
	"karpenter.sh/providers/clusterapi/scaling"
	"karpenter.sh/providers/clusterapi/signals"
	"karpenter.sh/providers/clusterapi/stock"
)

const (
	// settleFor is how long there may be too many Machines, as when somebody has just
	// lowered the replicas.
	settleFor = time.Minute
	// observedIn is how long Cluster API may take to see replicas. That it has, changes
	// nothing but the status, of which nobody is told.
	observedIn = 5 * time.Second
	// leaveFor is how long a deployment that runs away is left alone, unless it settles.
	leaveFor = 2 * every
)

// runaways remembers since when deployments have had too many Machines (CAPI-120).
type runaways struct {
	Options
	mu    sync.Mutex
	since map[types.UID]time.Time
}

func newRunaways(o Options) *runaways { return &runaways{Options: o, since: map[types.UID]time.Time{}} }

// look leaves deployments alone that run away, tells of them, and takes those back that
// have settled. It returns when to look again, 0 if there is no hurry.
func (r *runaways) look(ctx context.Context, nodeClass *v1alpha1.ClusterAPINodeClass, deployments []stock.Deployment) (time.Duration, error) {
	var errs []error
	var again time.Duration
	for _, d := range deployments {
		inv, err := r.Inventory.Cached(ctx, d.Name())
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		count := inv.Count(0)
		switch lasting, over := r.note(d.Object.UID, count.RunsAway()); {
		case over:
			r.lift(d)
		case lasting >= settleFor:
			errs = append(errs, r.leave(d))
			r.Events.Publish(outnumbered(nodeClass, d, count))
			again = earlier(again, settleFor) // it may settle, and is wanted then
		case count.RunsAway():
			again = earlier(again, settleFor)
		case count.Outnumbered():
			again = earlier(again, observedIn)
		}
	}
	return again, errors.Join(errs...)
}

// earlier is the first of two times from now, of which 0 is none.
func earlier(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// note returns how long a deployment has run away, and whether it no longer does although
// it did.
func (r *runaways) note(uid types.UID, runs bool) (lasting time.Duration, over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Clock.Now()
	maps.DeleteFunc(r.since, func(_ types.UID, since time.Time) bool { return now.Sub(since) > 24*time.Hour }) // of deployments that are gone
	since, ran := r.since[uid]
	switch {
	case !runs:
		delete(r.since, uid)
		return 0, ran
	case !ran:
		r.since[uid] = now
		return 0, false
	}
	return now.Sub(since), false
}

func scopeOf(d stock.Deployment) health.Scope { return health.Scope{Place: stock.Place(d.Name())} }

func (r *runaways) leave(d stock.Deployment) error {
	return r.Health.Mark(health.Mark{Scope: scopeOf(d), Reason: scaling.ReasonRunsAway, TTL: leaveFor})
}

func (r *runaways) lift(d stock.Deployment) {
	r.Health.LiftIf(func(e health.Entry) bool { return e.Scope == scopeOf(d) && e.Reason == scaling.ReasonRunsAway })
}

// malformed tells once of each value that cannot be read (CAPI-020), and of what cannot be
// told now.
func malformed(nodeClass *v1alpha1.ClusterAPINodeClass, d stock.Deployment) events.Event {
	return events.Event{
		Object: nodeClass, Type: events.Warning, Reason: signals.MachineDeploymentMalformed,
		Message:       events.Sentence(d.Err.Error()),
		DedupeValues:  []string{string(d.Object.UID), flaw(d)},
		DedupeTimeout: 24 * time.Hour,
	}
}

// flaw is what is wrong with a deployment, in words that stay the same while that does. Its
// version does not: each status is a new one.
func flaw(d stock.Deployment) string {
	if untold(d) {
		return stock.ErrUntold.Error() // the cause is worded anew each time
	}
	var annotation *instancetype.MalformedError
	if errors.As(d.Err, &annotation) {
		return annotation.Annotation + "=" + d.Object.Annotations[annotation.Annotation]
	}
	return d.Err.Error()
}

func outnumbered(nodeClass *v1alpha1.ClusterAPINodeClass, d stock.Deployment, count replicas.Count) events.Event {
	return events.Event{
		Object: nodeClass, Type: events.Warning, Reason: signals.MachinesOutnumberReplicas,
		Message:      fmt.Sprintf("MachineDeployment %s has %d Machines for %d replicas, and is left alone until it has settled", d.Name(), count.Machines, count.Replicas),
		Gist:         d.Name().String(),
		DedupeValues: []string{string(d.Object.UID)},
	}
}
