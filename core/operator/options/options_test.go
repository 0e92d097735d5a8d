// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"karpenter.sh/core/operator/options"
)

func parse(t *testing.T, args, environ []string) options.Options {
	t.Helper()
	result, err := options.Parse(options.Input{Args: args, Environ: environ})
	if err != nil {
		t.Fatalf("Parse(%q, %q): %v", args, environ, err)
	}
	if len(result.Warnings) > 0 {
		t.Fatalf("Parse(%q, %q) warns: %q", args, environ, result.Warnings)
	}
	return result.Options
}

func defaults() options.Options {
	return options.Options{
		MetricsPort:             8080,
		HealthProbePort:         8081,
		KubeClientQPS:           200,
		KubeClientBurst:         300,
		LeaderElectionName:      "karpenter-leader-election",
		DisableControllerWarmup: true,
		MemoryLimit:             -1,
		CPUMillis:               1000,
		LogLevel:                "info",
		LogOutputPaths:          []string{"stdout"},
		LogErrorOutputPaths:     []string{"stderr"},
		BatchMaxDuration:        10 * time.Second,
		BatchIdleDuration:       time.Second,
		PreferencePolicy:        "Respect",
		MinValuesPolicy:         "Strict",
		NominatePods:            true,
		LaunchAhead:             true,
		MaxPodMovesPerHour:      4,
		IgnoreDRARequests:       true,
		FeatureGates:            options.FeatureGates{ReservedCapacity: true},
	}
}

func TestDefaults(t *testing.T) {
	if got := parse(t, nil, nil); !reflect.DeepEqual(got, defaults()) {
		t.Errorf("defaults are\n%+v\nwant\n%+v", got, defaults())
	}
}

// TestSources sets each option by its flag, by its variable and by both.
// OPS-001
func TestSources(t *testing.T) {
	tests := []struct {
		id, flag, env string
		// value set by the variable where both are given, and by the flag.
		inEnv, inFlag string
		// set does what value inFlag shall do.
		set func(*options.Options)
	}{
		{"OPS-010", "karpenter-service", "KARPENTER_SERVICE", "a", "b", func(o *options.Options) { o.KarpenterService = "b" }},
		{"OPS-011", "metrics-port", "METRICS_PORT", "1", "0", func(o *options.Options) { o.MetricsPort = 0 }},
		{"OPS-012", "health-probe-port", "HEALTH_PROBE_PORT", "1", "0", func(o *options.Options) { o.HealthProbePort = 0 }},
		{"OPS-013", "kube-client-qps", "KUBE_CLIENT_QPS", "1", "-1", func(o *options.Options) { o.KubeClientQPS = -1 }},
		{"OPS-014", "kube-client-burst", "KUBE_CLIENT_BURST", "1", "0", func(o *options.Options) { o.KubeClientBurst = 0 }},
		{"OPS-015", "enable-profiling", "ENABLE_PROFILING", "f", "true", func(o *options.Options) { o.EnableProfiling = true }},
		{"OPS-016", "disable-controller-warmup", "DISABLE_CONTROLLER_WARMUP", "T", "false", func(o *options.Options) { o.DisableControllerWarmup = false }},
		{"OPS-017", "disable-leader-election", "DISABLE_LEADER_ELECTION", "0", "true", func(o *options.Options) { o.DisableLeaderElection = true }},
		{"OPS-018", "disable-cluster-state-observability", "DISABLE_CLUSTER_STATE_OBSERVABILITY", "0", "true", func(o *options.Options) { o.DisableClusterStateObservability = true }},
		{"OPS-019", "leader-election-name", "LEADER_ELECTION_NAME", "a", "b", func(o *options.Options) { o.LeaderElectionName = "b" }},
		{"OPS-020", "leader-election-namespace", "LEADER_ELECTION_NAMESPACE", "a", "b", func(o *options.Options) { o.LeaderElectionNamespace = "b" }},
		{"OPS-021", "memory-limit", "MEMORY_LIMIT", "1", "8589934592", func(o *options.Options) { o.MemoryLimit = 8 << 30 }},
		{"OPS-022", "cpu-requests", "CPU_REQUESTS", "1", "2500", func(o *options.Options) { o.CPUMillis = 2500 }},
		{"OPS-023", "log-level", "LOG_LEVEL", "debug", "error", func(o *options.Options) { o.LogLevel = "error" }},
		{"OPS-024", "log-output-paths", "LOG_OUTPUT_PATHS", "a", "b, stderr", func(o *options.Options) { o.LogOutputPaths = []string{"b", "stderr"} }},
		{"OPS-025", "log-error-output-paths", "LOG_ERROR_OUTPUT_PATHS", "a", "b", func(o *options.Options) { o.LogErrorOutputPaths = []string{"b"} }},
		{"OPS-026", "batch-max-duration", "BATCH_MAX_DURATION", "1s", "2h45m", func(o *options.Options) { o.BatchMaxDuration = 165 * time.Minute }},
		{"OPS-027", "batch-idle-duration", "BATCH_IDLE_DURATION", "1s", "5µs", func(o *options.Options) { o.BatchIdleDuration = 5 * time.Microsecond }},
		{"OPS-028", "preference-policy", "PREFERENCE_POLICY", "Respect", "Ignore", func(o *options.Options) { o.PreferencePolicy = "Ignore" }},
		{"OPS-029", "min-values-policy", "MIN_VALUES_POLICY", "Strict", "BestEffort", func(o *options.Options) { o.MinValuesPolicy = "BestEffort" }},
		{"OPS-030", "ignore-dra-requests", "IGNORE_DRA_REQUESTS", "1", "false", func(o *options.Options) { o.IgnoreDRARequests = false }},
		{"OPS-292", "launch-ahead", "LAUNCH_AHEAD", "1", "false", func(o *options.Options) { o.LaunchAhead = false }},
		{"OPS-290", "nominate-pods", "NOMINATE_PODS", "1", "false", func(o *options.Options) { o.NominatePods = false }},
		{"OPS-293", "max-pod-moves-per-hour", "MAX_POD_MOVES_PER_HOUR", "9", "2", func(o *options.Options) { o.MaxPodMovesPerHour = 2 }},
		{"OPS-298", "offering-metrics", "OFFERING_METRICS", "0", "true", func(o *options.Options) { o.OfferingMetrics = true }},
		{"OPS-299", "compatibility-metrics", "COMPATIBILITY_METRICS", "0", "true", func(o *options.Options) { o.CompatibilityMetrics = true }},
		{"OPS-031", "feature-gates", "FEATURE_GATES", "NodeRepair=true", "NodeOverlay=true", func(o *options.Options) { o.FeatureGates.NodeOverlay = true }},
	}
	for _, tt := range tests {
		t.Run(tt.id, func(t *testing.T) {
			want := defaults()
			tt.set(&want)
			flag := "--" + tt.flag + "=" + tt.inFlag
			for _, got := range []options.Options{
				parse(t, []string{flag}, nil),
				parse(t, nil, []string{tt.env + "=" + tt.inFlag}),
				parse(t, []string{flag}, []string{tt.env + "=" + tt.inEnv}),
			} {
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got\n%+v\nwant\n%+v", got, want)
				}
			}
		})
	}
}

func TestFlagSyntax(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want func(*options.Options)
	}{
		{"OPS-002: one dash", []string{"-metrics-port=1"}, func(o *options.Options) { o.MetricsPort = 1 }},
		{"OPS-002: two dashes and a separate value", []string{"--metrics-port", "1"}, func(o *options.Options) { o.MetricsPort = 1 }},
		{"OPS-002: the last of repeated flags wins", []string{"--metrics-port=1", "-metrics-port=2"}, func(o *options.Options) { o.MetricsPort = 2 }},
		{"OPS-003: a bare boolean is true", []string{"--enable-profiling", "--metrics-port=1"}, func(o *options.Options) {
			o.EnableProfiling, o.MetricsPort = true, 1
		}},
		{"OPS-004: empty arguments are passed over", []string{"", "--metrics-port=1", "", ""}, func(o *options.Options) { o.MetricsPort = 1 }},
		{"OPS-006: an empty list of paths means the default", []string{"--log-output-paths=", "--log-error-output-paths="}, func(*options.Options) {}},
		{"OPS-022: no CPU request counts as one core", []string{"--cpu-requests=0"}, func(*options.Options) {}},
		{"OPS-022: nor does a negative one", []string{"--cpu-requests=-5"}, func(*options.Options) {}},
		{"OPS-023: no level means info", []string{"--log-level="}, func(*options.Options) {}},
		{"OPS-019: without election the lease needs no name", []string{"--leader-election-name=", "--disable-leader-election"}, func(o *options.Options) {
			o.LeaderElectionName, o.DisableLeaderElection = "", true
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := defaults()
			tt.want(&want)
			if got := parse(t, tt.args, nil); !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
		})
	}
}

// TestInvalid also proves OPS-007: each error names the option and the value.
func TestInvalid(t *testing.T) {
	tests := []struct {
		name          string
		args, environ []string
		names         []string
	}{
		{"OPS-002: unknown flag", []string{"--metric-port=1"}, nil, []string{"unknown flag --metric-port"}},
		{"OPS-003: a boolean flag takes true and false only", []string{"--enable-profiling=1"}, nil, []string{"--enable-profiling", "ENABLE_PROFILING", `"1"`, `"true" or "false"`}},
		{"OPS-003: the value of a boolean cannot stand apart", []string{"--enable-profiling", "false"}, nil, []string{`"false"`}},
		{"OPS-004: positional arguments", []string{"--metrics-port=1", "", "metrics"}, nil, []string{`"metrics"`}},
		{"OPS-007: a flag that is no number", []string{"--metrics-port=http"}, nil, []string{"--metrics-port", "METRICS_PORT", `"http"`, "whole number"}},
		{"OPS-007: a flag that is no duration", []string{"--batch-max-duration", "10"}, nil, []string{"--batch-max-duration", `"10"`, "90s"}},
		{"OPS-007: a number that is too large", []string{"--memory-limit=9223372036854775808"}, nil, []string{"--memory-limit", "within range"}},
		{"OPS-007: a port out of range", []string{"--metrics-port=65536"}, nil, []string{"--metrics-port", "METRICS_PORT", `"65536"`}},
		{"OPS-007: all errors at once", []string{"--log-level=warn", "--preference-policy=ignore"}, nil, []string{`"warn"`, `"ignore"`}},
		{"OPS-019: no name for the lease", nil, []string{"LEADER_ELECTION_NAME="}, []string{"leader-election-name", `""`}},
		{"OPS-023: warn is no level", nil, []string{"LOG_LEVEL=warn"}, []string{"log-level", `"warn"`, `"debug" "info" "error"`}},
		{"OPS-026: time does not run backwards", []string{"--batch-max-duration=-1s"}, nil, []string{"batch-max-duration", `"-1s"`}},
		{"OPS-028: case counts", []string{"--preference-policy=respect"}, nil, []string{"preference-policy", `"respect"`}},
		{"OPS-028: empty", nil, []string{"PREFERENCE_POLICY="}, []string{"preference-policy", `""`}},
		{"OPS-029: empty", nil, []string{"MIN_VALUES_POLICY="}, []string{"min-values-policy", `""`}},
		{"OPS-040: gates", nil, []string{"FEATURE_GATES=NodeRepair"}, []string{"feature-gates", `"NodeRepair"`}},
		{"OPS-043: the path of a file", nil, []string{"SCHEDULER_CONFIG=/etc/scheduler.yaml"}, []string{"scheduler-config", "/etc/scheduler.yaml", "YAML"}},
		{"OPS-043: scheduler configuration", nil, []string{"SCHEDULER_CONFIG=a: b"}, []string{"scheduler-config", `"a: b"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := options.Parse(options.Input{Args: tt.args, Environ: tt.environ})
			if err == nil {
				t.Fatal("no error")
			}
			for _, name := range tt.names {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("%q does not name %s", err, name)
				}
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	t.Run("OPS-005: what cannot be read becomes the default, with a warning", func(t *testing.T) {
		environ := []string{"METRICS_PORT=0x10", "MEMORY_LIMIT=1Gi", "BATCH_MAX_DURATION=10", "ENABLE_PROFILING=yes", "IGNORE_DRA_REQUESTS="}
		result, err := options.Parse(options.Input{Environ: environ})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(result.Options, defaults()) {
			t.Errorf("got %+v, want the defaults", result.Options)
		}
		warnings := strings.Join(result.Warnings, "\n")
		for _, pair := range environ {
			if name, _, _ := strings.Cut(pair, "="); !strings.Contains(warnings, name) {
				t.Errorf("no warning about %s in %q", name, warnings)
			}
		}
	})
	t.Run("OPS-040, EXT-001: gates that are not known are named", func(t *testing.T) {
		result, err := options.Parse(options.Input{Args: []string{"--feature-gates= Drift = true,NodeRepair=true,Drift=false,,Nodeoverlay=true"}})
		const known = "; gates are NodeRepair, ReservedCapacity, SpotToSpotConsolidation, NodeOverlay, StaticCapacity, CapacityBuffer"
		want := []string{`feature gate "Drift" is not known and has no effect` + known, `feature gate "Nodeoverlay" is not known and has no effect` + known}
		if err != nil || !slices.Equal(result.Warnings, want) || !result.Options.FeatureGates.NodeRepair {
			t.Errorf("got %q, %v", result.Warnings, err)
		}
	})
	t.Run("OPS-005: booleans", func(t *testing.T) {
		for _, text := range []string{"1", "t", "T", "TRUE", "true", "True"} {
			if !parse(t, nil, []string{"ENABLE_PROFILING=" + text}).EnableProfiling {
				t.Errorf("%q does not count as true", text)
			}
		}
		for _, text := range []string{"0", "f", "F", "FALSE", "false", "False"} {
			if parse(t, nil, []string{"IGNORE_DRA_REQUESTS=" + text}).IgnoreDRARequests {
				t.Errorf("%q does not count as false", text)
			}
		}
	})
	t.Run("OPS-006: an empty string overrides the default", func(t *testing.T) {
		if got := parse(t, []string{"--disable-leader-election"}, []string{"LEADER_ELECTION_NAME="}).LeaderElectionName; got != "" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("OPS-006: but not for paths of logs", func(t *testing.T) {
		if got := parse(t, nil, []string{"LOG_OUTPUT_PATHS=", "LOG_ERROR_OUTPUT_PATHS="}); !reflect.DeepEqual(got, defaults()) {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("OPS-001: a bad variable that a flag overrides does no harm", func(t *testing.T) {
		if got := parse(t, []string{"--log-level=debug"}, []string{"LOG_LEVEL=warn"}).LogLevel; got != options.LogDebug {
			t.Errorf("got %q", got)
		}
	})
}

func TestHelp(t *testing.T) {
	var size int
	declare := func(s *options.Set) {
		s.Int(&size, options.Option[int]{Name: "provider-size", Env: "PROVIDER_SIZE", Usage: "Size.", Default: 7})
	}
	for _, arg := range []string{"-h", "--help"} {
		result, err := options.Parse(options.Input{Args: []string{arg}, Declare: declare})
		if !errors.Is(err, options.ErrHelp) {
			t.Fatalf("OPS-002: %s gives %v", arg, err)
		}
		var text strings.Builder
		if err := result.Usage(&text, "karpenter-test"); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"karpenter-test", "--metrics-port int", "METRICS_PORT, default 8080", "--feature-gates", `"karpenter-leader-election"`, "--provider-size int", "default 7"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("OPS-002: %q is missing in\n%s", want, &text)
			}
		}
	}
}

// OPS-002
func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"-version"}, {"--metrics-port=1", "--version"}} {
		if _, err := options.Parse(options.Input{Args: args}); !errors.Is(err, options.ErrVersion) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestProviderOptions(t *testing.T) {
	t.Run("OPS-009: are filled with the core's", func(t *testing.T) {
		var file string
		_, err := options.Parse(options.Input{
			Args:    []string{"--metrics-port=1"},
			Environ: []string{"FILE=x"},
			Declare: func(s *options.Set) { s.String(&file, options.Option[string]{Name: "file", Env: "FILE"}) },
		})
		if err != nil || file != "x" {
			t.Errorf("got %q, %v", file, err)
		}
	})
	clashes := []struct {
		name   string
		option options.Option[string]
		want   string
	}{
		{"OPS-009: a flag that the core has", options.Option[string]{Name: "metrics-port", Env: "OTHER"}, "--metrics-port"},
		{"OPS-009: a variable that the core has", options.Option[string]{Name: "other", Env: "METRICS_PORT"}, "METRICS_PORT"},
	}
	for _, tt := range clashes {
		t.Run(tt.name, func(t *testing.T) {
			var text string
			_, err := options.Parse(options.Input{Declare: func(s *options.Set) { s.String(&text, tt.option) }})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v does not name %s", err, tt.want)
			}
		})
	}
}

// OPS-009: a provider may have another default, which gives way to what is set.
func TestProviderDefaults(t *testing.T) {
	declare := func(name, value string) func(*options.Set) {
		return func(s *options.Set) { s.Default(name, value) }
	}
	for _, tt := range []struct {
		args []string
		want string
	}{{nil, "mine"}, {[]string{"--leader-election-name=other"}, "other"}} {
		result, err := options.Parse(options.Input{Args: tt.args, Declare: declare("leader-election-name", "mine")})
		if err != nil || result.Options.LeaderElectionName != tt.want {
			t.Errorf("%v: got %q, %v", tt.args, result.Options.LeaderElectionName, err)
		}
	}
	if all := options.Settings(declare("leader-election-name", "mine")); len(all) != 1 || all[0].Env != "LEADER_ELECTION_NAME" || all[0].Default != "mine" {
		t.Errorf("described as %+v", all)
	}
	for name, value := range map[string]string{"leader-election": "mine", "metrics-port": "many"} {
		if _, err := options.Parse(options.Input{Declare: declare(name, value)}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// OPS-008: what becomes of the environment later makes no difference.
func TestReadOnce(t *testing.T) {
	environ := []string{"METRICS_PORT=9000", "LOG_OUTPUT_PATHS=stdout,stderr", "FEATURE_GATES=NodeRepair=true"}
	got := parse(t, nil, environ)
	want := parse(t, nil, slices.Clone(environ))
	for i := range environ {
		environ[i] = "METRICS_PORT=1"
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("options became %+v", got)
	}
}
