// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"bufio"
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/operator/options"
	kwok "karpenter.sh/kwok/options"
	aws "karpenter.sh/providers/aws/options"
	clusterapi "karpenter.sh/providers/clusterapi/options"
	proxmox "karpenter.sh/providers/proxmox/options"
)

// declared is what a provider adds to the options of the core.
func declared(provider string) func(*options.Set) {
	return map[string]func(*options.Set){
		"kwok":       new(kwok.Options).Declare,
		"aws":        new(aws.Options).Declare,
		"clusterapi": new(clusterapi.Options).Declare,
		"proxmox":    new(proxmox.Options).Declare,
	}[provider]
}

// optionsOf returns the variables that a provider's binary knows, with their defaults.
func optionsOf(t testing.TB, provider string) map[string]string {
	t.Helper()
	// Options that are required are missing here, and do not matter.
	result, _ := options.Parse(options.Input{Declare: declared(provider)})
	var text bytes.Buffer
	if err := result.Usage(&text, provider); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	line := regexp.MustCompile(`^\s+\$([A-Z_]+), default "?(.*?)"?$`)
	for lines := bufio.NewScanner(&text); lines.Scan(); {
		if m := line.FindStringSubmatch(lines.Text()); m != nil {
			found[m[1]] = m[2]
		}
	}
	if len(found) < 20 {
		t.Fatalf("only these options are known: %v", found)
	}
	return found
}

func container(t testing.TB, provider string, args ...string) corev1.Container {
	t.Helper()
	return find[appsv1.Deployment](t, render(t, provider, args...), "Deployment").Spec.Template.Spec.Containers[0]
}

// env returns the variables of the controller that have a value.
func env(t testing.TB, provider string, args ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, v := range container(t, provider, args...).Env {
		if _, twice := found[v.Name]; twice {
			t.Errorf("%s stands twice", v.Name)
		}
		found[v.Name] = v.Value
	}
	return found
}

// compatible are variables of the common practice that nobody reads (OPS-232).
var compatible = []string{"KUBERNETES_MIN_VERSION", "SYSTEM_NAMESPACE"}

// byEnvOnly are options without a value of the chart: those that a pod in a cluster has
// no use for, and those for experts and tests. Their way in is controller.env.
var byEnvOnly = map[string]string{
	"DISABLE_CONTROLLER_WARMUP": "for experts",
	"DISABLE_LEADER_ELECTION":   "for tests",
	"ENABLE_FAILURE_INJECTION":  "for tests",
	"ENABLE_PROFILING":          "for experts",
	"INSTANCE_TYPES_FILE_PATH":  "for tests",
	"KUBE_CLIENT_BURST":         "for experts",
	"KUBE_CLIENT_QPS":           "for experts",
	"LEADER_ELECTION_NAME":      "for tests",
	"LEADER_ELECTION_NAMESPACE": "for tests",
}

// OPS-232, OPS-315, AWS-001, CAPI-066, PVE-113: the container has no variable that the binary does not know, and every
// option can be set.
func TestVariablesAreOptions(t *testing.T) {
	for _, provider := range providers {
		known := optionsOf(t, provider)
		set := env(t, provider, append(everything(provider), "--set", "controller.env=null")...)
		for name := range set {
			if _, found := known[name]; !found && !slices.Contains(compatible, name) {
				t.Errorf("%s: %s is no option", provider, name)
			}
		}
		for name := range known {
			_, given := set[name]
			if _, expert := byEnvOnly[name]; given == expert {
				t.Errorf("%s: %s has a value of the chart: %v; and is left to controller.env: %v", provider, name, given, expert)
			}
		}
	}
}

// OPS-225..227, OPS-229, OPS-315: an option that is not set has the default that the binary gives
// it, also where that is not the zero value, and false reaches the process.
func TestDefaultsAreThoseOfTheOptions(t *testing.T) {
	for _, provider := range providers {
		set, known := env(t, provider), optionsOf(t, provider)
		for name, value := range set {
			want, isOption := known[name]
			// Of the container itself.
			if !isOption || slices.Contains([]string{"KARPENTER_SERVICE", "MEMORY_LIMIT", "CPU_REQUESTS", "CLUSTER_NAME", "CLOUD_CONFIG"}, name) {
				continue
			}
			if canonical(value) != canonical(want) {
				t.Errorf("%s: %s is %q, the option's default %q", provider, name, value, want)
			}
		}
		for _, name := range []string{"DISABLE_CLUSTER_STATE_OBSERVABILITY", "IGNORE_DRA_REQUESTS", "LAUNCH_AHEAD", "NOMINATE_PODS"} {
			if set[name] == "" {
				t.Errorf("%s: %s is not rendered", provider, name)
			}
		}
	}
	if got := env(t, "kwok", "--set", "settings.ignoreDRARequests=false")["IGNORE_DRA_REQUESTS"]; got != "false" {
		t.Errorf("a false setting is rendered as %q", got)
	}
}

// canonical sorts the gates of a list, and writes a minute as Go does.
func canonical(value string) string {
	gates := strings.Split(value, ",")
	slices.Sort(gates)
	return strings.Replace(strings.Join(gates, ","), "m0s", "m", 1)
}

// The process starts with what the chart gives it: defaults, and everything set.
func TestOptionsParse(t *testing.T) {
	for _, provider := range providers {
		for name, args := range map[string][]string{"defaults": nil, "everything": everything(provider)} {
			var environ []string
			for variable, value := range env(t, provider, args...) {
				if variable != "MEMORY_LIMIT" && variable != "CPU_REQUESTS" { // numbers, filled in by the kubelet
					environ = append(environ, variable+"="+value)
				}
			}
			result, err := options.Parse(options.Input{Environ: environ, Declare: declared(provider)})
			if err != nil || len(result.Warnings) > 0 {
				t.Errorf("%s, %s: %v, %v", provider, name, err, result.Warnings)
			}
			if name == "everything" && result.Options.MaxPodMovesPerHour != 1_000_000 {
				t.Errorf("%s: a large number became %d", provider, result.Options.MaxPodMovesPerHour)
			}
		}
	}
}

// OPS-221, OPS-232: the user's variables win, and none stands twice.
func TestUsersVariablesWin(t *testing.T) {
	got := env(t, "kwok", "--set-json", `controller.env=[{"name":"LOG_LEVEL","value":"error"},{"name":"IGNORE_DRA_REQUESTS","value":"false"},{"name":"MINE","value":"1"}]`)
	for name, want := range map[string]string{"LOG_LEVEL": "error", "IGNORE_DRA_REQUESTS": "false", "MINE": "1"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// OPS-050, OPS-051, OPS-232: what the container finds out about itself.
func TestVariablesOfThePod(t *testing.T) {
	for _, name := range []string{"controller", "other"} {
		found := map[string]*corev1.EnvVarSource{}
		for _, v := range container(t, "kwok", "--set", "controller.containerName="+name).Env {
			found[v.Name] = v.ValueFrom
		}
		memory, cpu := found["MEMORY_LIMIT"].ResourceFieldRef, found["CPU_REQUESTS"].ResourceFieldRef
		if memory.Resource != "limits.memory" || !memory.Divisor.IsZero() || memory.ContainerName != name {
			t.Errorf("the memory limit is %v", memory)
		}
		if cpu.Resource != "requests.cpu" || cpu.Divisor.String() != "1m" || cpu.ContainerName != name {
			t.Errorf("the CPU request is %v", cpu)
		}
		if got := found["SYSTEM_NAMESPACE"].FieldRef.FieldPath; got != "metadata.namespace" {
			t.Errorf("the namespace is that of %s", got)
		}
	}
}

// OPS-245: texts may be templates.
func TestTexts(t *testing.T) {
	got := env(t, "aws", "--set-json", `settings={"interruptionQueue": "{{ .Release.Name }}-queue", "reservedENIs": "1"}`)
	if got["INTERRUPTION_QUEUE"] != "karpenter-queue" || got["RESERVED_ENIS"] != "1" {
		t.Errorf("the queue is %q, reserved are %q", got["INTERRUPTION_QUEUE"], got["RESERVED_ENIS"])
	}
	if names := slices.Sorted(maps.Keys(env(t, "aws"))); slices.Contains(names, "CLUSTER_ENDPOINT") {
		t.Error("a text that is not set is rendered")
	}
}
