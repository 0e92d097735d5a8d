// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"slices"

	"karpenter.sh/core/controllers/disruption"
	disruptionconditions "karpenter.sh/core/controllers/disruption/conditions"
	"karpenter.sh/core/controllers/gauges"
	"karpenter.sh/core/controllers/node/eviction"
	nodehydration "karpenter.sh/core/controllers/node/hydration"
	"karpenter.sh/core/controllers/node/termination"
	"karpenter.sh/core/controllers/nodeclaim/consistency"
	"karpenter.sh/core/controllers/nodeclaim/expiration"
	"karpenter.sh/core/controllers/nodeclaim/garbagecollection"
	nodeclaimhydration "karpenter.sh/core/controllers/nodeclaim/hydration"
	"karpenter.sh/core/controllers/nodeclaim/lifecycle"
	"karpenter.sh/core/controllers/nodeclaim/podevents"
	"karpenter.sh/core/controllers/nodeclaim/repair"
	"karpenter.sh/core/controllers/nodepool"
	"karpenter.sh/core/controllers/provisioning"
	"karpenter.sh/core/controllers/state"
	"karpenter.sh/core/controllers/unbuilt"
)

// controllers lists everything that runs on the leader, in the order of the
// life of a node.
func (s *shared) controllers() ([]Controller, error) {
	w, err := s.world()
	if err != nil {
		return nil, err
	}
	follow, err := state.All(w.stateOptions())
	if err != nil {
		return nil, err
	}
	shown, err := w.gauges()
	if err != nil {
		return nil, err
	}
	offerings, err := w.offerings()
	if err != nil {
		return nil, err
	}
	pools := w.nodePoolOptions()
	health := nodepool.NewRegistrationHealth(pools)
	evictor := eviction.New(w.evictionOptions())
	podEvents := podevents.New(w.podEventsOptions())
	disrupt, err := disruption.New(w.disruptionOptions(podEvents))
	if err != nil {
		return nil, err
	}
	return slices.Concat(
		listed(follow), // the live model, which decisions are made from
		[]Controller{
			// What users ask for.
			nodepool.NewValidation(pools),
			nodepool.NewReadiness(pools),
			nodepool.NewInstanceTypes(pools),
			nodepool.NewHash(pools),
			nodepool.NewCounter(pools),
			health,
			// Pods without a place become NodeClaims.
			provisioning.New(w.provisioningOptions()),
			// NodeClaims become nodes.
			nodeclaimhydration.New(w.nodeClaimHydrationOptions()),
			lifecycle.New(w.lifecycleOptions(health)),
			nodehydration.New(w.nodeHydrationOptions()),
			consistency.New(w.consistencyOptions()),
			podEvents,
			// Nodes are given up.
			disruptionconditions.New(w.disruptionConditionsOptions()),
			disrupt,
			expiration.New(w.expirationOptions()),
		},
		w.repair(),
		[]Controller{
			// Nodes go.
			termination.New(w.terminationOptions(evictor)),
			evictor,
			garbagecollection.New(w.garbageCollectionOptions()),
		},
		// What is told about it all.
		offerings,
		[]Controller{unbuilt.New(unbuilt.Options{
			Reader: s.manager.GetAPIReader(), Recorder: s.recorder, Kinds: unbuilt.Kinds(),
		})},
		shown,
		s.statusControllers(),
		s.extra,
	), nil
}

// gauges show what the cluster looks like, unless that is switched off
// (OPS-116).
func (w *world) gauges() ([]Controller, error) {
	if w.options.DisableClusterStateObservability {
		return nil, nil
	}
	all, err := gauges.All(w.gaugeOptions())
	if err != nil {
		return nil, err
	}
	return listed(all), nil
}

// repair gives up broken nodes, if that is switched on and the provider says which are
// (EXT-138).
func (w *world) repair() []Controller {
	if !w.options.FeatureGates.NodeRepair {
		return nil
	}
	policies := w.provider.RepairPolicies()
	if len(policies) == 0 {
		w.manager.GetLogger().Info("feature gate NodeRepair has no effect, for the provider has no repair policies")
		return nil
	}
	return []Controller{repair.New(w.repairOptions(policies))}
}

// offerings shows what the provider sells, if that is asked for (OPS-298).
func (w *world) offerings() ([]Controller, error) {
	if !w.options.OfferingMetrics {
		return nil, nil
	}
	c, err := gauges.NewOfferings(w.offeringOptions())
	if err != nil {
		return nil, err
	}
	return []Controller{c}, nil
}

// listed makes a list of controllers of one kind one of any.
func listed[C Controller](all []C) []Controller {
	out := make([]Controller, len(all))
	for i, c := range all {
		out[i] = c
	}
	return out
}
