// SPDX-License-Identifier: Apache-2.0

package vocabulary_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/apis/vocabulary"
)

func provider(t *testing.T) *vocabulary.Vocabulary {
	t.Helper()
	words, err := vocabulary.New(vocabulary.Additions{
		WellKnownLabels:        []string{"karpenter.example.com/size", "example.com/reservation"},
		WellKnownResources:     []corev1.ResourceName{"example.com/gpu"},
		WellKnownValues:        map[string][]string{"karpenter.example.com/size": {"small", "big", "small"}},
		RestrictedDomains:      []string{"karpenter.example.com"},
		RestrictedLabels:       []string{"example.com/internal"},
		KeyAliases:             map[string]string{"topology.csi.example.com/zone": "topology.kubernetes.io/zone"},
		ValueAliases:           map[string]map[string]string{"topology.kubernetes.io/zone": {"": "0", "old": "new"}},
		OfferingLabels:         []string{"example.com/zone-id"},
		ReservationIDLabel:     "example.com/reservation",
		ReservedCapacityLabels: []string{"example.com/reservation-type"},

		UnsupportedTopologyKeys: []string{"example.com/rack"},
		UnsupportedProvisioners: []string{"csi.example.com"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// CP-005
func TestCoreContent(t *testing.T) {
	words := vocabulary.Core()
	values, _ := words.WellKnownValues("karpenter.sh/capacity-type")
	for name, test := range map[string]struct{ got, want any }{
		"API-070 well-known labels": {words.WellKnownLabels(), []string{
			"karpenter.sh/capacity-type", "karpenter.sh/nodepool", "kubernetes.io/arch", "kubernetes.io/os",
			"node.kubernetes.io/instance-type", "node.kubernetes.io/windows-build",
			"topology.kubernetes.io/region", "topology.kubernetes.io/zone",
		}},
		"API-071 well-known resources":  {words.WellKnownResources(), []corev1.ResourceName{"cpu", "ephemeral-storage", "memory", "pods"}},
		"API-071 offering labels":       {words.OfferingLabels(), []string{"karpenter.sh/capacity-type", "topology.kubernetes.io/zone"}},
		"API-072 capacity types":        {values, []string{"on-demand", "reserved", "spot"}},
		"API-074 no reservations":       {words.ReservationIDLabel(), ""},
		"CP-005 no reserved labels":     {len(words.ReservedCapacityLabels()), 0},
		"CP-005 all topology keys work": {words.IsUnsupportedTopologyKey("example.com/rack"), false},
		"CP-005 so do all drivers":      {words.IsUnsupportedProvisioner("csi.example.com"), false},
		"CP-005 resources are few":      {words.IsWellKnownResource("example.com/gpu"), false},
		"CP-005 but contain the basics": {words.IsWellKnownResource("pods"), true},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// API-073
func TestIsRestricted(t *testing.T) {
	for key, test := range map[string]struct{ core, provider bool }{
		"karpenter.sh/capacity-type":       {false, false},
		"karpenter.sh/nodepool":            {false, false},
		"karpenter.sh/registered":          {true, true},
		"sub.karpenter.sh/x":               {true, true},
		"deep.sub.karpenter.sh/x":          {true, true},
		"notkarpenter.sh/x":                {false, false},
		"karpenter.sh":                     {false, false}, // a name without a domain
		"sh/x":                             {false, false},
		"kubernetes.io/hostname":           {true, true},
		"kubernetes.io/arch":               {false, false},
		"kubernetes.io/anything":           {false, false},
		"node-role.kubernetes.io/worker":   {false, false},
		"kops.k8s.io/instancegroup":        {false, false},
		"team":                             {false, false},
		"karpenter.example.com/size":       {false, false},
		"karpenter.example.com/other":      {false, true},
		"a.karpenter.example.com/size":     {false, true},
		"example.com/internal":             {false, true},
		"example.com/other":                {false, false},
		"node.kubernetes.io/windows-build": {false, false},
	} {
		if got := vocabulary.Core().IsRestricted(key); got != test.core {
			t.Errorf("core: IsRestricted(%q) = %t", key, got)
		}
		if got := provider(t).IsRestricted(key); got != test.provider {
			t.Errorf("provider: IsRestricted(%q) = %t", key, got)
		}
	}
}

func TestNormalize(t *testing.T) {
	for name, test := range map[string]struct{ key, value, wantKey, wantValue string }{
		"API-076 zone":                   {"failure-domain.beta.kubernetes.io/zone", "a", "topology.kubernetes.io/zone", "a"},
		"API-076 region":                 {"failure-domain.beta.kubernetes.io/region", "a", "topology.kubernetes.io/region", "a"},
		"API-076 architecture":           {"beta.kubernetes.io/arch", "amd64", "kubernetes.io/arch", "amd64"},
		"API-076 operating system":       {"beta.kubernetes.io/os", "linux", "kubernetes.io/os", "linux"},
		"API-076 instance type":          {"beta.kubernetes.io/instance-type", "m", "node.kubernetes.io/instance-type", "m"},
		"API-076 any other key":          {"team", "a", "team", "a"},
		"API-077 a provider's key":       {"topology.csi.example.com/zone", "a", "topology.kubernetes.io/zone", "a"},
		"API-077 a value of an alias":    {"topology.csi.example.com/zone", "", "topology.kubernetes.io/zone", "0"},
		"API-077 a value of the key":     {"topology.kubernetes.io/zone", "old", "topology.kubernetes.io/zone", "new"},
		"API-077 the value of other key": {"team", "old", "team", "old"},
	} {
		t.Run(name, func(t *testing.T) {
			key, value := provider(t).Normalize(test.key, test.value)
			if key != test.wantKey || value != test.wantValue {
				t.Errorf("Normalize(%q, %q) = %q, %q", test.key, test.value, key, value)
			}
			if got := provider(t).NormalizeKey(test.key); got != test.wantKey {
				t.Errorf("NormalizeKey(%q) = %q", test.key, got)
			}
		})
	}
}

// API-074 CP-005
func TestProviderAdditions(t *testing.T) {
	words := provider(t)
	sizes, _ := words.WellKnownValues("karpenter.example.com/size")
	capacityTypes, _ := words.WellKnownValues("karpenter.sh/capacity-type")
	_, constrained := words.WellKnownValues("team")
	for name, test := range map[string]struct{ got, want any }{
		"unsupported topology key":     {words.IsUnsupportedTopologyKey("example.com/rack"), true},
		"other topology key":           {words.IsUnsupportedTopologyKey("topology.kubernetes.io/zone"), false},
		"unsupported driver":           {words.IsUnsupportedProvisioner("csi.example.com"), true},
		"other driver":                 {words.IsUnsupportedProvisioner("csi.example.org"), false},
		"well-known label":             {words.IsWellKnown("karpenter.example.com/size"), true},
		"the core's well-known label":  {words.IsWellKnown("kubernetes.io/arch"), true},
		"well-known resource":          {words.IsWellKnownResource("example.com/gpu"), true},
		"well-known values":            {sizes, []string{"big", "small"}},
		"the core's well-known values": {capacityTypes, []string{"on-demand", "reserved", "spot"}},
		"values of any other key":      {constrained, false},
		"offering label":               {words.IsOfferingLabel("example.com/zone-id"), true},
		"the core's offering label":    {words.IsOfferingLabel("topology.kubernetes.io/zone"), true},
		"reservation":                  {words.ReservationIDLabel(), "example.com/reservation"},
		"reserved labels": {words.ReservedCapacityLabels(), []string{
			"example.com/reservation", "example.com/reservation-type",
		}},
		"the reservation is a reserved label": {words.IsReservedCapacityLabel("example.com/reservation"), true},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// API-074
func TestVocabularyDoesNotChange(t *testing.T) {
	additions := vocabulary.Additions{
		KeyAliases:      map[string]string{"old": "new"},
		WellKnownValues: map[string][]string{"size": {"small", "big"}},
	}
	words, err := vocabulary.New(additions)
	if err != nil {
		t.Fatal(err)
	}
	additions.KeyAliases["old"], additions.WellKnownValues["size"][0] = "other", "other"
	returned, _ := words.WellKnownValues("size")
	returned[0] = "other"
	values, _ := words.WellKnownValues("size")
	if diff := cmp.Diff([]string{"big", "small"}, values); diff != "" || words.NormalizeKey("old") != "new" {
		t.Errorf("the vocabulary follows changes from outside: %s", diff)
	}
}

// API-076: translation takes one step only.
func TestAliasOfAlias(t *testing.T) {
	for name, additions := range map[string]vocabulary.Additions{
		"a key of the core":     {KeyAliases: map[string]string{"old": "beta.kubernetes.io/arch"}},
		"a key of the provider": {KeyAliases: map[string]string{"oldest": "old", "old": "new"}},
		"values of an alias":    {ValueAliases: map[string]map[string]string{"beta.kubernetes.io/arch": {"x86": "amd64"}}},
		"a value":               {ValueAliases: map[string]map[string]string{"kubernetes.io/arch": {"a": "b", "b": "c"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := vocabulary.New(additions); !errors.Is(err, vocabulary.ErrAliasOfAlias) {
				t.Errorf("New() fails with %v, want %v", err, vocabulary.ErrAliasOfAlias)
			}
		})
	}
}
