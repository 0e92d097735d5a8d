// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/core/events"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/management"
	"karpenter.sh/providers/clusterapi/scaling"
	"karpenter.sh/providers/clusterapi/selection"
	"karpenter.sh/providers/clusterapi/stock"
)

// Reasons of the condition MachineDeploymentsReady.
const (
	ReasonInvalidSelector = "InvalidSelector"
	ReasonAmbiguous       = "AmbiguousCluster"
	ReasonNotFound        = "MachineDeploymentsNotFound"
	ReasonNoneUsable      = "NoUsableMachineDeployments"
	ReasonUnavailable     = "ManagementClusterUnavailable"
)

const (
	// every is how often a NodeClass is looked at when nothing happens.
	every = 5 * time.Minute
	// named is how many deployments a message names.
	named = 5
)

// Options is what a Resolver is made of; all are required.
type Options struct {
	Stock     *stock.Stock
	Inventory *inventory.Reader
	// LastWrite is the one of a deployment's replicas that was made last.
	LastWrite func(types.NamespacedName) (scaling.Write, bool)
	// Reachable returns why the management cluster does not answer; management.ErrFilling
	// leaves conditions as they are.
	Reachable func(context.Context) error
	// Health takes what runs away.
	Health *health.Record
	// Events takes what users should see.
	Events events.Recorder
	// Clock tells how long a deployment has run away.
	Clock clock.PassiveClock
}

// Resolver finds out which deployments a NodeClass selects. It is safe for concurrent use.
type Resolver struct {
	opts     Options
	runaways *runaways
}

var _ resolution.Resolver[*v1alpha1.ClusterAPINodeClass] = (*Resolver)(nil)

// New returns a resolver.
func New(o Options) *Resolver { return &Resolver{opts: o, runaways: newRunaways(o)} }

// Condition implements resolution.Resolver.
func (r *Resolver) Condition() string { return v1alpha1.ConditionMachineDeploymentsReady }

// Resolve implements resolution.Resolver.
func (r *Resolver) Resolve(ctx context.Context, nodeClass *v1alpha1.ClusterAPINodeClass) (resolution.Outcome, error) {
	if err := r.opts.Reachable(ctx); errors.Is(err, management.ErrFilling) {
		return resolution.Outcome{}, err // a restart changes nothing
	} else if err != nil {
		return resolution.Unknown(ReasonUnavailable, "The management cluster does not answer: "+err.Error(), time.Minute), nil //nolint:nilerr // the condition tells it
	}
	deployments, err := r.opts.Stock.Selected(ctx, nodeClass)
	if errors.Is(err, selection.ErrInvalid) {
		return resolution.False(ReasonInvalidSelector, events.Sentence(err.Error()), every), nil
	}
	if err != nil {
		return resolution.Outcome{}, err
	}
	for _, d := range deployments {
		if d.Err != nil {
			r.opts.Events.Publish(malformed(nodeClass, d))
		}
	}
	r.quarrels(nodeClass, deployments)
	r.lift(deployments)
	outcome := judge(deployments)
	if slices.ContainsFunc(deployments, untold) {
		outcome.After = min(outcome.After, time.Minute) // nobody tells when it can be told
	}
	sooner, err := r.runaways.look(ctx, nodeClass, deployments)
	if sooner > 0 {
		outcome.After = min(outcome.After, sooner)
	}
	return outcome, err
}

func untold(d stock.Deployment) bool { return errors.Is(d.Err, stock.ErrUntold) }

// judge says what the deployments of a NodeClass make of it.
func judge(deployments []stock.Deployment) resolution.Outcome {
	if len(deployments) == 0 {
		return resolution.False(ReasonNotFound, "No MachineDeployment takes part and is selected", every)
	}
	objects := make([]*capi.MachineDeployment, len(deployments))
	var unusable []string
	for i, d := range deployments {
		if objects[i] = d.Object; d.Err != nil {
			unusable = append(unusable, d.Err.Error())
		}
	}
	if clusters := selection.Clusters(objects); len(clusters) > 1 {
		return resolution.False(ReasonAmbiguous, "MachineDeployments of several clusters are selected: "+list(clusters, ", "), every)
	}
	if len(unusable) == len(deployments) {
		return resolution.False(ReasonNoneUsable, "No MachineDeployment can be used: "+list(unusable, "; "), every)
	}
	return resolution.True(every)
}

// list names some things, and how many more there are.
func list(names []string, separator string) string {
	text := strings.Join(names[:min(len(names), named)], separator)
	if more := len(names) - named; more > 0 {
		text = fmt.Sprintf("%s and %d other(s)", text, more)
	}
	return text
}
