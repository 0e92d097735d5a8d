// SPDX-License-Identifier: Apache-2.0

package catalogue_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/catalogue"
)

// with is a file of one type, whose offerings are given as YAML.
func with(offerings string) string {
	return "[{name: t, architecture: amd64, operatingSystems: [linux], resources: {cpu: 4, memory: 16Gi}, offerings: [" + offerings + "]}]"
}

const short = "{capacityType: spot, zone: a, price: 1}"

func parse(t *testing.T, text string) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Parse("types.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// describe lists the offerings of the only type, one a line.
func describe(c *catalogue.Catalogue) string {
	var lines []string
	for _, o := range c.Types[0].Offerings {
		line := o.CapacityType() + " " + o.Zone()
		if id := o.ReservationID(v1alpha1.LabelReservationID); id != "" {
			line += " " + id
		}
		if !o.Available {
			line += " unavailable"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func TestParseOfferings(t *testing.T) {
	reqs := func(capacityTypes, zones, more string) string {
		return `{"Requirements": [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ` + capacityTypes + `},
			{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ` + zones + `}]` + more + `}`
	}
	for _, tc := range []struct{ reason, offerings, want string }{
		{"KWOK-006: short form", short, "spot a"},
		{"KWOK-006: long form", reqs(`["spot"]`, `["a"]`, `, "Price": 1, "Available": true`), "spot a"},
		{"KWOK-006: several values are one offering for each combination", reqs(`["spot", "on-demand"]`, `["a", "b"]`, ""),
			"on-demand a; on-demand b; spot a; spot b"},
		{"KWOK-006: absent availability is true, false is honoured", reqs(`["spot"]`, `["a"]`, `, "Available": false`) + "," + reqs(`["spot"]`, `["b"]`, ""),
			"spot a unavailable; spot b"},
		{"KWOK-006: keys in any case", `{CAPACITYTYPE: spot, Zone: a, available: false}`, "spot a unavailable"},
		{"KWOK-006: null is absent", `{capacityType: spot, zone: a, Available: null, CapacityOverride: null}`, "spot a"},
		{"KWOK-008: a reservation is named after type and zone", `{capacityType: reserved, zone: a, ReservationCapacity: 2}`, "reserved a t-a"},
		{"KWOK-008: or by its requirement", `{Requirements: [{key: karpenter.sh/capacity-type, operator: In, values: [reserved]},
			{key: topology.kubernetes.io/zone, operator: In, values: [a]}, {key: karpenter.kwok.sh/reservation-id, operator: In, values: [r]}],
			ReservationCapacity: 1}`, "reserved a r"},
		{"KWOK-008: a reservation without room is unavailable", `{capacityType: reserved, zone: a}`, "reserved a t-a unavailable"},
		{"KWOK-008: other offerings have none", reqs(`["reserved", "spot"]`, `["a"]`, `, "ReservationCapacity": 1`), "reserved a t-a; spot a"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := describe(parse(t, with(tc.offerings))); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestParseEntry(t *testing.T) { // KWOK-006
	c := parse(t, `
- name: m5.2xlarge
  architecture: arm64
  operatingSystems: [linux, windows]
  resources: {cpu: "8", memory: 32Gi, example.com/gpu: 2}
  offerings:
  - capacityType: spot
    zone: a
    price: 0.5
    CapacityOverride: {memory: 64Gi}
    OverheadOverride: {KubeReserved: {cpu: 1}, SystemReserved: {memory: 1Gi}, EvictionThreshold: {memory: 100Mi}}
  deviceTemplates:
  - driver: gpu.example.com
    pool: gpus
    devices:
    - {name: gpu-0, attributes: {model: {string: big}}, capacity: {memory: {value: 16Gi}}}
  - {driver: gpu.example.com, pool: counters, sharedCounters: [{name: c, counters: {slots: {value: "4"}}}]}
`)
	it := c.Types[0]
	if got, want := it.Requirements.String(), "karpenter.kwok.sh/instance-cpu In [8], "+
		"karpenter.kwok.sh/instance-family In [m5], karpenter.kwok.sh/instance-memory In [32Gi], "+
		"karpenter.kwok.sh/instance-size In [2xlarge], karpenter.kwok.sh/reservation-id DoesNotExist, "+
		"karpenter.sh/capacity-type In [spot], kubernetes.io/arch In [arm64], kubernetes.io/os In [linux windows], "+
		"node.kubernetes.io/instance-type In [m5.2xlarge], node.kubernetes.io/windows-build DoesNotExist, "+
		"topology.kubernetes.io/region DoesNotExist, topology.kubernetes.io/zone In [a]"; got != want { // KWOK-014
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if pods := it.Capacity["pods"]; pods.Value() != 110 {
		t.Errorf("pods %s", pods.String())
	}
	if gpus := it.Capacity["example.com/gpu"]; gpus.Value() != 2 {
		t.Errorf("gpus %s", gpus.String())
	}
	group := it.GroupOf(it.Offerings[0])
	if memory, cpu := group.Allocatable["memory"], group.Allocatable["cpu"]; memory.Cmp(resource.MustParse("64412Mi")) != 0 || cpu.String() != "7" {
		t.Errorf("allocatable with overrides: memory %s, cpu %s", memory.String(), cpu.String())
	}
	if len(it.DeviceTemplates) != 2 || *it.DeviceTemplates[0].Devices[0].Attributes["model"].StringValue != "big" ||
		it.DeviceTemplates[1].SharedCounters[0].Name != "c" {
		t.Errorf("device templates %+v", it.DeviceTemplates)
	}
	if want := []string{v1alpha1.LabelReservationID, label.CapacityType, label.Zone}; !slices.Equal(c.OfferingKeys, want) {
		t.Errorf("offering keys %v", c.OfferingKeys)
	}
}

// KWOK-004, CP-046: a key of some offerings is defined on all types and offerings.
func TestParseOfferingKeys(t *testing.T) {
	c := parse(t, `
- {name: a, architecture: amd64, operatingSystems: [linux], resources: {cpu: 1, memory: 1Gi}, offerings: [
    {Requirements: [{key: karpenter.sh/capacity-type, operator: In, values: [spot]}, {key: topology.kubernetes.io/zone, operator: In, values: [z]},
      {key: example.com/rack, operator: In, values: [r1]}]}, {capacityType: on-demand, zone: z}]}
- {name: b, architecture: amd64, operatingSystems: [linux], resources: {cpu: 1, memory: 1Gi}, offerings: [{capacityType: spot, zone: z}]}
`)
	rack := func(rs requirement.Requirements) string {
		r, _ := rs.Get("example.com/rack")
		return r.String()
	}
	if got := rack(c.Types[0].Requirements); got != "example.com/rack In [r1]" {
		t.Errorf("type with it: %s", got)
	}
	if got := rack(c.Types[1].Requirements); got != "example.com/rack DoesNotExist" {
		t.Errorf("type without it: %s", got)
	}
	if got := rack(c.Types[0].Offerings[1].Requirements); got != "example.com/rack DoesNotExist" {
		t.Errorf("offering without it: %s", got)
	}
	if !slices.Contains(c.OfferingKeys, "example.com/rack") {
		t.Errorf("offering keys %v", c.OfferingKeys)
	}
}

// KWOK-005: with nothing on sale every pod would wait for ever.
func TestNothingOnSale(t *testing.T) {
	for text, want := range map[string]string{"[]": "is empty", "": "not a list", "{}": "not a list"} {
		if _, err := catalogue.Parse("types.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "types.yaml") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseProblems(t *testing.T) {
	entry := func(name, resources, offerings string) string {
		return "{name: " + name + ", architecture: amd64, operatingSystems: [linux], resources: " + resources + ", offerings: [" + offerings + "]}"
	}
	const ok = "{cpu: 4, memory: 16Gi}"
	for _, tc := range []struct {
		reason, text string
		entry        int
		name, about  string
	}{
		{"KWOK-007: duplicate names", "[" + entry("t", ok, short) + ",\n" + entry("t", ok, short) + "]", 1, "t", "name is that of entry 0"},
		{"KWOK-007: missing zone", with("{capacityType: spot}"), 0, "t", "zone is missing"},
		{"KWOK-007: missing capacity type", with("{zone: a}"), 0, "t", "capacityType is missing"},
		{"KWOK-007: missing zone, long form", with("{Requirements: [{key: karpenter.sh/capacity-type, operator: In, values: [spot]}]}"), 0, "t",
			"does not list any value of topology.kubernetes.io/zone"},
		{"KWOK-006: zone with another operator than In", with("{Requirements: [{key: karpenter.sh/capacity-type, operator: In, values: [spot]}, {key: topology.kubernetes.io/zone, operator: Exists}]}"), 0, "t",
			"does not list any value of topology.kubernetes.io/zone"},
		{"KWOK-007: negative price", with("{capacityType: spot, zone: a, price: -1}"), 0, "t", "Price is not a number of 0 or more"},
		{"KWOK-006: price that is no number", with("{capacityType: spot, zone: a, price: NaN}"), 0, "t", "Price is not a number of 0 or more"},
		{"KWOK-007: a quantity that takes minutes to read", "[" + entry("t", "{cpu: 1e-1999999999, memory: 16Gi}", short) + "]", 0, "t", "cpu is not a quantity of 0 or more"},
		{"KWOK-007: negative quantity", "[" + entry("t", "{cpu: -4, memory: 16Gi}", short) + "]", 0, "t", "cpu is not a quantity of 0 or more"},
		{"KWOK-007: both forms of an offering", with("{capacityType: spot, zone: a, Requirements: []}"), 0, "t", "either Requirements or capacityType"},
		{"KWOK-006: missing cpu", "[" + entry("t", "{memory: 16Gi}", short) + "]", 0, "t", "resources: cpu is missing"},
		{"KWOK-006: missing name", "[" + entry(`""`, ok, short) + "]", 0, "", "name is not a string, or empty"},
		{"KWOK-006: name that is no label value", "[" + entry("a/b", ok, short) + "]", 0, "a/b", "is not a label value"},
		{"KWOK-006: no offerings", "[" + entry("t", ok, "") + "]", 0, "t", "offerings is missing or empty"},
		{"KWOK-006: missing architecture", "[{name: t, operatingSystems: [linux], resources: " + ok + ", offerings: [" + short + "]}]", 0, "t", "architecture is missing"},
		{"KWOK-006: missing operating systems", "[{name: t, architecture: amd64, resources: " + ok + ", offerings: [" + short + "]}]", 0, "t", "operatingSystems is missing"},
		{"KWOK-006: negative reservation", with("{capacityType: reserved, zone: a, ReservationCapacity: -1}"), 0, "t", "ReservationCapacity is not an integer"},
		{"API-072: capacity type", with("{capacityType: cheap, zone: a}"), 0, "t", `"cheap" is not a capacity type`},
		{"CP-050: two offerings alike", with(short + "," + short), 0, "t", "stands twice"},
		{"CP-072: device template of both kinds", "[{name: t, architecture: amd64, operatingSystems: [linux], resources: " + ok + ", offerings: [" + short +
			"], deviceTemplates: [{driver: d, pool: p}]}]", 0, "t", "either devices or sharedCounters"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			_, err := catalogue.Parse("types.yaml", []byte(tc.text))
			var problem *catalogue.Problem
			if !errors.As(err, &problem) {
				t.Fatalf("got %v, want a problem", err)
			}
			if problem.File != "types.yaml" || problem.Entry != tc.entry || problem.Name != tc.name || problem.Line != tc.entry+1 || problem.Column < 1 {
				t.Errorf("got %+v", problem)
			}
			if !strings.Contains(err.Error(), tc.about) {
				t.Errorf("got %v, want %s", err, tc.about)
			}
		})
	}
}

func TestProblemText(t *testing.T) { // KWOK-005, KWOK-007
	_, err := catalogue.Parse("types.yaml", []byte(with("{capacityType: spot, zone: a, price: -1}")))
	if got, want := err.Error(), "types.yaml:1:144: entry 0 (t): Price is not a number of 0 or more"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseNotAList(t *testing.T) { // KWOK-005
	for _, text := range []string{"", "{}", "[", "name: t", "- - -"} {
		if _, err := catalogue.Parse("types.yaml", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "types.yaml:") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestParseIgnores(t *testing.T) { // KWOK-007
	c := parse(t, with("{capacityType: spot, zone: a, colour: red}"))
	if len(c.Ignored) != 1 || c.Ignored[0] != `types.yaml:1:137: entry 0 (t): unknown key "colour"` {
		t.Errorf("got %v", c.Ignored)
	}
}

func TestLoad(t *testing.T) { // KWOK-005
	path := filepath.Join(t.TempDir(), "types.json")
	if _, err := catalogue.Load(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want the missing file named", err)
	}
	if err := os.WriteFile(path, []byte(with(short)), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := catalogue.Load(path); err != nil || len(c.Types) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestSizeAndFamily(t *testing.T) {
	cpu := resource.MustParse("4")
	for _, tc := range []struct{ name, size, family string }{
		{"m5.2xlarge", "2xlarge", "m5"},
		{"m5.xlarge", "xlarge", "m5"},
		{"t3.nano", "nano", "t3"},
		{"c7.metal", "metal", "c7"},
		{"c-4x-amd64-linux", "4", "c"},
		{"m5.2xlarge.extra", "4", "m5"},
		{"m-5.large", "4", "m"},
		{"plain", "4", "p"},
		{"", "4", ""},
	} {
		t.Run("KWOK-011, KWOK-012 "+tc.name, func(t *testing.T) {
			if size, family := catalogue.Size(tc.name, cpu), catalogue.Family(tc.name); size != tc.size || family != tc.family {
				t.Errorf("got %s, %s", size, family)
			}
		})
	}
}
