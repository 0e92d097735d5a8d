// SPDX-License-Identifier: Apache-2.0

package options

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/requirement"
)

// Options are the settings of the core. They are read once, when the process
// starts (OPS-008). Each field has a flag and an environment variable; the zero
// value of this struct is not usable, [Parse] fills in the defaults.
type Options struct {
	// KarpenterService is the name of Karpenter's Service. It is accepted for
	// compatibility and has no effect. Default "".
	KarpenterService string
	// MetricsPort is the port of metrics and profiling on all interfaces; 0 takes
	// a free one. Default 8080.
	MetricsPort int
	// HealthProbePort is the port of the probes on all interfaces; 0 takes a free
	// one. Default 8081.
	HealthProbePort int
	// EnableProfiling serves pprof on the metrics port. Default false.
	EnableProfiling bool
	// DisableClusterStateObservability drops the metrics and events that describe
	// the cluster rather than Karpenter (OPS-116). Default false.
	DisableClusterStateObservability bool
	// OfferingMetrics shows every instance type and offering that the provider sells
	// (CP-078): some thousand series. Default false.
	OfferingMetrics bool
	// CompatibilityMetrics shows series that say nothing that others do not say, for
	// dashboards that read them (OPS-299). Default false.
	CompatibilityMetrics bool

	// KubeClientQPS is the sustained rate of the main client, in requests a
	// second; 0 means the library's default (5), negative no limit. Default 200.
	KubeClientQPS int
	// KubeClientBurst is the burst of the same limiter, in requests; 0 means the
	// library's default (10). Default 300.
	KubeClientBurst int

	// DisableLeaderElection runs the controllers at once, without a lease.
	// Default false.
	DisableLeaderElection bool
	// LeaderElectionName is the name of the Lease. Default
	// "karpenter-leader-election".
	LeaderElectionName string
	// LeaderElectionNamespace is the namespace of the Lease; empty means the
	// pod's own. Default "".
	LeaderElectionNamespace string
	// DisableControllerWarmup keeps standby replicas from starting the watches of
	// the controllers before they lead (OPS-062). Default true.
	DisableControllerWarmup bool

	// MemoryLimit of the container in bytes; the Go runtime aims at 90% of it. At
	// or below 0 the runtime is left alone. Default -1.
	MemoryLimit int64
	// CPUMillis of the container in millicores, at least 1; concurrency grows
	// with it (OPS-052). Default 1000, which values at or below 0 become too.
	CPUMillis int64

	// LogLevel is the least severe level that is logged. Default "info".
	LogLevel LogLevel
	// LogOutputPaths are where records go: "stdout", "stderr" or files. Default
	// ["stdout"].
	LogOutputPaths []string
	// LogErrorOutputPaths are where the logger reports its own failures; records
	// of level ERROR do not go there. Default ["stderr"].
	LogErrorOutputPaths []string

	// BatchMaxDuration is the longest time for which pods are gathered before a
	// round of scheduling. Default 10s.
	BatchMaxDuration time.Duration
	// BatchIdleDuration is the quiet time that ends the gathering. Default 1s.
	BatchIdleDuration time.Duration
	// PreferencePolicy says whether preferred affinities and ScheduleAnyway
	// spread constraints take part in scheduling. Default "Respect".
	PreferencePolicy PreferencePolicy
	// MinValuesPolicy says whether minValues may be relaxed. Default "Strict".
	MinValuesPolicy requirement.MinValuesPolicy
	// LaunchAhead launches the machines that more pods would not change while pods
	// are still being gathered. Default false.
	LaunchAhead bool
	// NominatePods tells the scheduler which node each pod is planned for. Default
	// true.
	NominatePods bool
	// MaxPodMovesPerHour is how often consolidation may move the pods of a workload
	// within an hour, on average over its pods (DIS-172). Default 4.
	MaxPodMovesPerHour int
	// IgnoreDRARequests leaves pods with claims of Dynamic Resource Allocation
	// unscheduled. Default true. Such claims are ignored whatever the value until
	// allocation of devices is part of the scheduler.
	IgnoreDRARequests bool
	// DefaultTopologySpreadConstraints apply to pods that have none of their own;
	// their selectors are deduced for each pod (OPS-043). Default none.
	DefaultTopologySpreadConstraints []corev1.TopologySpreadConstraint

	// FeatureGates switch optional features.
	FeatureGates FeatureGates
}

// LogLevel is the least severe level of log records that are written.
type LogLevel string

// The log levels.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogError LogLevel = "error"
)

// PreferencePolicy says what becomes of a pod's preferences.
type PreferencePolicy string

// The preference policies.
const (
	// PreferencesRespected are met where possible, and dropped one at a time
	// where not.
	PreferencesRespected PreferencePolicy = "Respect"
	// PreferencesIgnored do not take part in scheduling.
	PreferencesIgnored PreferencePolicy = "Ignore"
)
