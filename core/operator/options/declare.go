// SPDX-License-Identifier: Apache-2.0

package options

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/requirement"
)

// declare adds the options of the core to a set.
func (o *Options) declare(s *Set) {
	o.declareEndpoints(s)
	o.declareClient(s)
	o.declareLeadership(s)
	o.declareContainer(s)
	o.declareLogging(s)
	o.declareScheduling(s)
}

func (o *Options) declareEndpoints(s *Set) {
	s.String(&o.KarpenterService, Option[string]{
		Name: "karpenter-service", Env: "KARPENTER_SERVICE",
		Usage: "Name of Karpenter's Service. Accepted for compatibility, without effect.",
	})
	s.Int(&o.MetricsPort, Option[int]{
		Name: "metrics-port", Env: "METRICS_PORT", Default: 8080, Check: checkPort,
		Usage: "Port of metrics and profiling on all interfaces. 0 takes a free port.",
	})
	s.Int(&o.HealthProbePort, Option[int]{
		Name: "health-probe-port", Env: "HEALTH_PROBE_PORT", Default: 8081, Check: checkPort,
		Usage: "Port of the health and readiness probes on all interfaces. 0 takes a free port.",
	})
	s.Bool(&o.EnableProfiling, Option[bool]{
		Name: "enable-profiling", Env: "ENABLE_PROFILING",
		Usage: "Serve pprof on the metrics port.",
	})
	s.Bool(&o.DisableClusterStateObservability, Option[bool]{
		Name: "disable-cluster-state-observability", Env: "DISABLE_CLUSTER_STATE_OBSERVABILITY",
		Usage: "Drop the metrics and events that describe nodes, pods, node pools and status conditions.",
	})
	s.Bool(&o.OfferingMetrics, Option[bool]{
		Name: "offering-metrics", Env: "OFFERING_METRICS",
		Usage: "Show price and availability of everything that the provider sells: one series or more for each instance type, zone and capacity type.",
	})
	s.Bool(&o.CompatibilityMetrics, Option[bool]{
		Name: "compatibility-metrics", Env: "COMPATIBILITY_METRICS",
		Usage: "Show metrics under deprecated names too, and with --offering-metrics reserved offerings where nothing is reserved.",
	})
}

func (o *Options) declareClient(s *Set) {
	s.Int(&o.KubeClientQPS, Option[int]{
		Name: "kube-client-qps", Env: "KUBE_CLIENT_QPS", Default: 200,
		Usage: "Sustained rate of the Kubernetes client in requests per second. 0 means the library's default (5), a negative value no limit.",
	})
	s.Int(&o.KubeClientBurst, Option[int]{
		Name: "kube-client-burst", Env: "KUBE_CLIENT_BURST", Default: 300,
		Usage: "Burst of the Kubernetes client in requests. 0 means the library's default (10).",
	})
}

func (o *Options) declareLeadership(s *Set) {
	s.Bool(&o.DisableLeaderElection, Option[bool]{
		Name: "disable-leader-election", Env: "DISABLE_LEADER_ELECTION",
		Usage: "Run the controllers at once, without a lease.",
	})
	s.String(&o.LeaderElectionName, Option[string]{
		Name: "leader-election-name", Env: "LEADER_ELECTION_NAME", Default: "karpenter-leader-election",
		Usage: "Name of the Lease.",
	})
	s.String(&o.LeaderElectionNamespace, Option[string]{
		Name: "leader-election-namespace", Env: "LEADER_ELECTION_NAMESPACE",
		Usage: "Namespace of the Lease. Empty means the pod's own.",
	})
	s.Bool(&o.DisableControllerWarmup, Option[bool]{
		Name: "disable-controller-warmup", Env: "DISABLE_CONTROLLER_WARMUP", Default: true,
		Usage: "Keep standby replicas from starting the controllers' watches before they lead.",
	})
}

func (o *Options) declareContainer(s *Set) {
	s.Int64(&o.MemoryLimit, Option[int64]{
		Name: "memory-limit", Env: "MEMORY_LIMIT", Default: -1,
		Usage: "Memory limit of the container in bytes; 90% of it becomes the soft limit of the Go runtime. 0 or less leaves the runtime alone.",
	})
	s.Int64(&o.CPUMillis, Option[int64]{
		Name: "cpu-requests", Env: "CPU_REQUESTS", Default: defaultCPURequests,
		Usage: "CPU request of the container in millicores. Concurrency grows with it. 0 or less means 1000.",
	})
}

func (o *Options) declareLogging(s *Set) {
	Text(s, &o.LogLevel, Option[string]{
		Name: "log-level", Env: "LOG_LEVEL", Default: string(LogInfo),
		Usage: "Least severe level to log: debug, info or error.",
	}, parseLogLevel)
	Text(s, &o.LogOutputPaths, Option[string]{
		Name: "log-output-paths", Env: "LOG_OUTPUT_PATHS", Default: "stdout",
		Usage: "Where records go: stdout, stderr or paths of files, separated by commas.",
	}, pathsOr("stdout"))
	Text(s, &o.LogErrorOutputPaths, Option[string]{
		Name: "log-error-output-paths", Env: "LOG_ERROR_OUTPUT_PATHS", Default: "stderr",
		Usage: "Where the logger reports its own failures: stdout, stderr or paths of files, separated by commas.",
	}, pathsOr("stderr"))
}

func (o *Options) declareScheduling(s *Set) {
	s.Duration(&o.BatchMaxDuration, Option[time.Duration]{
		Name: "batch-max-duration", Env: "BATCH_MAX_DURATION", Default: 10 * time.Second, Check: checkNotNegative,
		Usage: "Longest time for which pods are gathered before they are scheduled together.",
	})
	s.Duration(&o.BatchIdleDuration, Option[time.Duration]{
		Name: "batch-idle-duration", Env: "BATCH_IDLE_DURATION", Default: time.Second, Check: checkNotNegative,
		Usage: "Time without a new pod that ends the gathering.",
	})
	Text(s, &o.PreferencePolicy, Option[string]{
		Name: "preference-policy", Env: "PREFERENCE_POLICY", Default: string(PreferencesRespected),
		Usage: "Whether preferred affinities and ScheduleAnyway spread constraints take part in scheduling: Respect or Ignore.",
	}, oneOf(PreferencesRespected, PreferencesIgnored))
	Text(s, &o.MinValuesPolicy, Option[string]{
		Name: "min-values-policy", Env: "MIN_VALUES_POLICY", Default: string(requirement.StrictMinValues),
		Usage: "Whether minValues that cannot be met are lowered: Strict or BestEffort.",
	}, oneOf(requirement.StrictMinValues, requirement.BestEffortMinValues))
	s.Bool(&o.LaunchAhead, Option[bool]{
		Name: "launch-ahead", Env: "LAUNCH_AHEAD", Default: true,
		Usage: "Launch the machines that more pods would not change while pods are still being gathered.",
	})
	s.Bool(&o.NominatePods, Option[bool]{
		Name: "nominate-pods", Env: "NOMINATE_PODS", Default: true,
		Usage: "Tell the scheduler which node each pod is planned for, in status.nominatedNodeName of the pod.",
	})
	s.Int(&o.MaxPodMovesPerHour, Option[int]{
		Name: "max-pod-moves-per-hour", Env: "MAX_POD_MOVES_PER_HOUR", Default: disrupt.EvictionRate, Check: checkCount,
		Usage: "How often consolidation may move the pods of a workload within an hour, on average over its pods; 0 moves none.",
	})
	s.Bool(&o.IgnoreDRARequests, Option[bool]{
		Name: "ignore-dra-requests", Env: "IGNORE_DRA_REQUESTS", Default: true,
		Usage: "Leave pods with claims of Dynamic Resource Allocation unscheduled.",
	})
	s.Gates(Option[string]{
		Name: "feature-gates", Env: "FEATURE_GATES",
		Usage: "Optional features as Gate=bool pairs separated by commas. Gates that are not named keep their defaults.",
	}, o.FeatureGates.gates()...)
	Text(s, &o.DefaultTopologySpreadConstraints, Option[string]{
		Name: "scheduler-config", Env: "SCHEDULER_CONFIG",
		Usage: "YAML or JSON document with podTopologySpread.defaultConstraints.",
	}, ParseSchedulerConfig)
}

const defaultCPURequests = 1000

// complete makes the settings hold together.
func (o *Options) complete() error {
	if o.CPUMillis <= 0 {
		o.CPUMillis = defaultCPURequests
	}
	if !o.DisableLeaderElection && o.LeaderElectionName == "" {
		return errors.New(`invalid value "" for --leader-election-name (LEADER_ELECTION_NAME): must be set unless leader election is disabled`)
	}
	return nil
}

func parseLogLevel(text string) (LogLevel, error) {
	if text == "" {
		return LogInfo, nil
	}
	return oneOf(LogDebug, LogInfo, LogError)(text)
}

// pathsOr splits a list; an empty one means the fallback (OPS-006).
func pathsOr(fallback string) func(string) ([]string, error) {
	return func(text string) ([]string, error) {
		var paths []string
		for path := range strings.SplitSeq(text, ",") {
			if path = strings.TrimSpace(path); path != "" {
				paths = append(paths, path)
			}
		}
		if len(paths) == 0 {
			paths = []string{fallback}
		}
		return paths, nil
	}
}

func oneOf[T ~string](allowed ...T) func(string) (T, error) {
	return func(text string) (T, error) {
		if slices.Contains(allowed, T(text)) {
			return T(text), nil
		}
		return "", fmt.Errorf("must be one of %q", allowed)
	}
}

func checkPort(port int) error {
	if port < 0 || port > 65535 {
		return errors.New("must be a port from 0 to 65535")
	}
	return nil
}

func checkCount(n int) error {
	if n < 0 {
		return errors.New("must not be negative")
	}
	return nil
}

func checkNotNegative(d time.Duration) error {
	if d < 0 {
		return errors.New("must not be negative")
	}
	return nil
}
