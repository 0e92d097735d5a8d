// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/operator/options"
)

// EXT-001
func TestFeatureGates(t *testing.T) {
	tests := []struct {
		name, text string
		want       options.FeatureGates
	}{
		{"OPS-041: none named", "", options.FeatureGates{ReservedCapacity: true}},
		{"OPS-034", "NodeRepair=true", options.FeatureGates{NodeRepair: true, ReservedCapacity: true}},
		{"OPS-035", "ReservedCapacity=false", options.FeatureGates{}},
		{"OPS-036", "SpotToSpotConsolidation=1", options.FeatureGates{SpotToSpotConsolidation: true, ReservedCapacity: true}},
		{"OPS-037", "NodeOverlay=T", options.FeatureGates{NodeOverlay: true, ReservedCapacity: true}},
		{"OPS-038", "StaticCapacity=True", options.FeatureGates{StaticCapacity: true, ReservedCapacity: true}},
		{"OPS-039", "CapacityBuffer=TRUE", options.FeatureGates{CapacityBuffer: true, ReservedCapacity: true}},
		{"OPS-040: space and empty segments", " NodeRepair = true ,, , ReservedCapacity=f,", options.FeatureGates{NodeRepair: true}},
		{"OPS-040: the last of a repeated name", "NodeRepair=true,NodeRepair=false", options.FeatureGates{ReservedCapacity: true}},
		{"OPS-040: names not known", "Drift=true", options.FeatureGates{ReservedCapacity: true}},
	}
	read := func(text string) (options.FeatureGates, error) {
		result, err := options.Parse(options.Input{Args: []string{"--feature-gates=" + text}})
		return result.Options.FeatureGates, err
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(tt.text)
			if err != nil || got != tt.want {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
			if again, err := read(got.String()); err != nil || again != got {
				t.Errorf("%v is read back as %v, %v", got, again, err)
			}
		})
	}
	for _, text := range []string{"NodeRepair", "NodeRepair=true=true", "NodeRepair=yes", "NodeRepair="} {
		_, err := read(text)
		if err == nil {
			t.Errorf("OPS-040: %q is no error", text)
			continue
		}
		for _, want := range []string{"--feature-gates", strconv.Quote(text), "true or", "ReservedCapacity"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("OPS-040, OPS-007: %q does not tell of %s", err, want)
			}
		}
	}
}

// OPS-032
// SCH-170, EXT-181
func TestSchedulerConfig(t *testing.T) {
	const zoneAndHost = `
podTopologySpread:
  defaultConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
  - maxSkew: 2
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: DoNotSchedule
    minDomains: 2
`
	constraints, err := options.ParseSchedulerConfig(zoneAndHost)
	if err != nil || len(constraints) != 2 {
		t.Fatalf("OPS-043, OPS-044: got %v, %v", constraints, err)
	}
	if c := constraints[1]; c.MaxSkew != 2 || c.WhenUnsatisfiable != corev1.DoNotSchedule || *c.MinDomains != 2 {
		t.Errorf("OPS-043: got %+v", c)
	}
	for _, text := range []string{"", "{}", "podTopologySpread: {}", `{"podTopologySpread":{"defaultConstraints":[]}}`} {
		if constraints, err := options.ParseSchedulerConfig(text); err != nil || len(constraints) != 0 {
			t.Errorf("OPS-043: %q gives %v, %v", text, constraints, err)
		}
	}
}

// SCH-170, EXT-182
func TestSchedulerConfigErrors(t *testing.T) {
	const good = `{"maxSkew":1,"topologyKey":"a","whenUnsatisfiable":"DoNotSchedule"}`
	of := func(constraints ...string) string {
		return `{"podTopologySpread":{"defaultConstraints":[` + strings.Join(constraints, ",") + `]}}`
	}
	tests := []struct{ name, text, want string }{
		{"OPS-043: not YAML", "{", "decoding"},
		{"OPS-043: unknown field at the top", "spread: {}", `"spread"`},
		{"OPS-043: unknown field of a constraint", of(`{"skew":1}`), `"skew"`},
		{"OPS-044: no skew", of(good, `{"topologyKey":"b","whenUnsatisfiable":"DoNotSchedule"}`), "[1].maxSkew"},
		{"OPS-044: no key", of(`{"maxSkew":1,"whenUnsatisfiable":"DoNotSchedule"}`), "[0].topologyKey"},
		{"OPS-044: key that is no label name", of(`{"maxSkew":1,"topologyKey":"a b","whenUnsatisfiable":"DoNotSchedule"}`), "[0].topologyKey"},
		{"OPS-044: no action", of(`{"maxSkew":1,"topologyKey":"a"}`), "[0].whenUnsatisfiable"},
		{"OPS-044: selector", of(`{"maxSkew":1,"topologyKey":"a","whenUnsatisfiable":"DoNotSchedule","labelSelector":{}}`), "[0].labelSelector"},
		{"OPS-044: label keys", of(`{"maxSkew":1,"topologyKey":"a","whenUnsatisfiable":"DoNotSchedule","matchLabelKeys":["b"]}`), "[0].matchLabelKeys"},
		{"OPS-044: pair twice", of(good, strings.Replace(good, ":1", ":2", 1)), "[1].topologyKey"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := options.ParseSchedulerConfig(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v does not name %s", err, tt.want)
			}
		})
	}
}
