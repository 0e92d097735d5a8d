// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/cost"
	"karpenter.sh/core/cluster/defaultspread"
	"karpenter.sh/core/controllers/disruption"
	disruptionconditions "karpenter.sh/core/controllers/disruption/conditions"
	"karpenter.sh/core/controllers/disruption/survey"
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
	"karpenter.sh/core/controllers/provisioning/nomination"
	"karpenter.sh/core/controllers/state"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/metrics"
)

// world is what controllers of several families share beside the process: the
// live model and the collectors of what happens to nodes. It gives each family
// the options that it takes.
type world struct {
	*shared
	cluster   *cluster.Cluster
	ledger    *cost.Ledger
	scheduler *metrics.Scheduler
	nodes     *metrics.Nodes
	// nominations are written by provisioning and announced by lifecycle.
	nominations *nomination.Nominator
}

func (s *shared) world() (*world, error) {
	scheduler, err := metrics.NewScheduler(s.registerer, s.clock)
	if err != nil {
		return nil, err
	}
	nodes, err := metrics.NewNodes(s.registerer)
	if err != nil {
		return nil, err
	}
	model, err := s.model()
	if err != nil {
		return nil, err
	}
	return &world{
		shared: s, cluster: model, ledger: cost.NewLedger(), scheduler: scheduler, nodes: nodes,
		nominations: nomination.New(nomination.Options{
			Client: s.manager.GetClient(), Decisions: model.Decisions, Recorder: s.recorder, Clock: s.clock,
			Off: !s.options.NominatePods,
		}),
	}, nil
}

func (s *shared) model() (*cluster.Cluster, error) {
	return cluster.New(cluster.Options{
		Clock:             s.clock,
		Compiler:          intake.New(s.compilerOptions()),
		Inventory:         state.Inventory{Reader: s.manager.GetCache(), NodeClasses: s.managed},
		Registerer:        s.registerer,
		Log:               s.manager.GetLogger().WithName("cluster"),
		LaunchTimeout:     cloudprovider.LaunchTimeoutOf(s.provider),
		NominationWindow:  cluster.NominationWindow(s.options.BatchMaxDuration),
		IgnoreDRARequests: s.options.IgnoreDRARequests,
	})
}

func (s *shared) compilerOptions() intake.Options {
	return intake.Options{
		Vocabulary: s.words, Preferences: intake.PreferencePolicy(s.options.PreferencePolicy),
		Reservations: s.options.FeatureGates.ReservedCapacity, IgnoreDRARequests: s.options.IgnoreDRARequests,
	}
}

func (w *world) stateOptions() state.Options {
	return state.Options{
		Cluster: w.cluster, Ledger: w.ledger,
		Reader: w.manager.GetCache(), Live: w.manager.GetAPIReader(),
		NodeClasses: w.managed, InstanceTypes: calledBy(w.provider, "state.pricing").GetInstanceTypes,
		Clock: w.clock, Registerer: w.registerer, CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) nodePoolOptions() nodepool.Options {
	return nodepool.Options{
		Client: w.manager.GetClient(), Live: w.manager.GetAPIReader(), Usage: w.cluster,
		Catalogue:    calledBy(w.provider, "nodepool.instancetypes").GetInstanceTypes,
		Requirements: intake.New(w.compilerOptions()).PoolRequirements, Recorder: w.recorder,
		NodeClassObjects: w.provider.SupportedNodeClasses, Vocabulary: w.words,
		Clock: w.clock, CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) provisioningOptions() provisioning.Options {
	return provisioning.Options{
		Client: w.manager.GetClient(), Provider: calledBy(w.provider, "provisioner"), NodeClasses: w.managed, Vocabulary: w.words,
		Cluster: w.cluster, Recorder: w.recorder, Metrics: w.scheduler, Clock: w.clock,
		BatchIdle: w.options.BatchIdleDuration, BatchMax: w.options.BatchMaxDuration,
		DefaultSpread: w.defaultSpread(), Nominations: w.nominations, LaunchAhead: w.options.LaunchAhead,
		MinValues: w.options.MinValuesPolicy, CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) defaultSpread() *defaultspread.Source {
	return defaultspread.New(w.options.DefaultTopologySpreadConstraints, w.manager.GetClient())
}

func (w *world) lifecycleOptions(health lifecycle.RegistrationHealth) lifecycle.Options {
	return lifecycle.Options{
		Client: w.manager.GetClient(), Live: w.manager.GetAPIReader(), Provider: calledBy(w.provider, lifecycle.Name),
		NodeClasses: w.managed, Vocabulary: w.words, Clock: w.clock, Recorder: w.recorder,
		NodeClaims: w.nodeClaims, Nodes: w.nodes, Health: health, Announcer: w.nominations, CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) nodeClaimHydrationOptions() nodeclaimhydration.Options {
	return nodeclaimhydration.Options{Client: w.manager.GetClient(), NodeClasses: w.managed, CPUMillis: w.options.CPUMillis}
}

func (w *world) nodeHydrationOptions() nodehydration.Options {
	return nodehydration.Options{
		Client: w.manager.GetClient(), NodeClasses: w.managed, Clock: w.clock, CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) consistencyOptions() consistency.Options {
	return consistency.Options{
		Client: w.manager.GetClient(), NodeClasses: w.managed, Clock: w.clock, Recorder: w.recorder,
		CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) podEventsOptions() podevents.Options {
	return podevents.Options{
		Client: w.manager.GetClient(), NodeClasses: w.managed, Clock: w.clock, CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) disruptionConditionsOptions() disruptionconditions.Options {
	return disruptionconditions.Options{
		Client: w.manager.GetClient(), NodeClasses: w.managed, Clock: w.clock, CPUMillis: w.options.CPUMillis,
		Provider: calledBy(w.provider, disruptionconditions.Name), Vocabulary: w.words, NodeClassObjects: w.provider.SupportedNodeClasses,
	}
}

func (w *world) disruptionOptions(podEvents survey.PodEvents) disruption.Options {
	return disruption.Options{
		Client: w.manager.GetClient(), Live: w.manager.GetAPIReader(), Cluster: w.cluster,
		InstanceTypes: calledBy(w.provider, disruption.Name), PodEvents: podEvents, NodeClasses: w.managed,
		Limits:             func() cloudprovider.Limits { return cloudprovider.LimitsOf(w.provider) },
		LaunchTimeout:      cloudprovider.LaunchTimeoutOf(w.provider),
		ReservationIDLabel: w.words.ReservationIDLabel(), Clock: w.clock, Recorder: w.recorder,
		Registerer: w.registerer, NodeClaims: w.nodeClaims, Scheduler: w.scheduler,
		Gatherer:  gather.New(gather.Options{Reader: w.manager.GetClient(), Vocabulary: w.words, DefaultSpread: w.defaultSpread()}),
		MinValues: w.options.MinValuesPolicy, CPUMillis: w.options.CPUMillis,
		SpotToSpot: w.options.FeatureGates.SpotToSpotConsolidation, MovesPerHour: w.options.MaxPodMovesPerHour,
	}
}

func (w *world) expirationOptions() expiration.Options {
	return expiration.Options{
		Client: w.manager.GetClient(), NodeClasses: w.managed, Clock: w.clock, NodeClaims: w.nodeClaims,
		CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) repairOptions(policies []cloudprovider.RepairPolicy) repair.Options {
	return repair.Options{
		Client: w.manager.GetClient(), Live: w.manager.GetAPIReader(), Policies: policies, NodeClasses: w.managed,
		Clock: w.clock, Recorder: w.recorder, NodeClaims: w.nodeClaims, CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) terminationOptions(evictor termination.Evictor) termination.Options {
	return termination.Options{
		Client: w.manager.GetClient(), Live: w.manager.GetAPIReader(), Provider: calledBy(w.provider, termination.Name),
		NodeClasses: w.managed, Clock: w.clock, Recorder: w.recorder, Nodes: w.nodes, Evictor: evictor,
		CPUMillis: w.options.CPUMillis, ClientQPS: w.options.KubeClientQPS,
	}
}

func (w *world) evictionOptions() eviction.Options {
	return eviction.Options{
		Client: w.manager.GetClient(), Clock: w.clock, Recorder: w.recorder, Nodes: w.nodes,
		CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) garbageCollectionOptions() garbagecollection.Options {
	return garbagecollection.Options{
		Client: w.manager.GetClient(), Provider: calledBy(w.provider, garbagecollection.Name), NodeClasses: w.managed,
		NodeClaims: w.nodeClaims,
	}
}

func (w *world) gaugeOptions() gauges.Options {
	return gauges.Options{
		Client: w.manager.GetClient(), Cluster: w.cluster, Ledger: w.ledger, NodeClasses: w.managed, Vocabulary: w.words,
		Clock: w.clock, Registerer: w.registerer, CPUMillis: w.options.CPUMillis,
	}
}

func (w *world) offeringOptions() gauges.OfferingOptions {
	return gauges.OfferingOptions{
		Client: w.manager.GetClient(), NodeClasses: w.managed,
		InstanceTypes: calledBy(w.provider, gauges.OfferingsName).GetInstanceTypes,
		Unreserved:    w.options.FeatureGates.ReservedCapacity && w.options.CompatibilityMetrics, Registerer: w.registerer,
	}
}
