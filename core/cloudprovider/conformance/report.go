// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider"
)

// reportRows are about what is told: metrics, logs, events.
func reportRows() []row {
	return []row{
		{id: "CP-347", behaviour: "its calls can be measured", run: callsAreMeasured},
		{id: "CP-349", behaviour: "nothing secret is told", of: []Capability{"Secrets"}, run: secretsStaySecret},
	}
}

// callsAreMeasured shows that the core's metrics layer goes around the provider
// (one that brings the layer is refused), that a malformed ID counts as a failure,
// and that the name is fit for the label. That the layer measures every method is
// the core's own business.
func callsAreMeasured(t testing.TB, c Cloud) {
	registry := prometheus.NewRegistry()
	measured, err := cloudprovider.Instrument(c.Provider, cloudprovider.Instrumentation{Registerer: registry, Clock: clock.RealClock{}})
	if err != nil {
		t.Fatal(err)
	}
	measured.Name()
	_, _ = measured.Get(t.Context(), "")
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string][]string{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "provider" {
					seen[f.GetName()] = append(seen[f.GetName()], l.GetValue())
				}
			}
		}
	}
	for _, name := range []string{"karpenter_cloudprovider_duration_seconds", "karpenter_cloudprovider_errors_total"} { // CP-076
		if !slices.Equal(seen[name], []string{c.Provider.Name()}) {
			t.Errorf("%s is of providers %v, want %s", name, seen[name], c.Provider.Name())
		}
	}
	if name := c.Provider.Name(); name == "" || name != strings.ToLower(name) {
		t.Errorf("the name %q is empty or not in lower case", name)
	}
}

func secretsStaySecret(t testing.TB, c Cloud) {
	claim := c.create(t, c.nodeClaim("secret"))
	c.Faults.FailLaunches(t, ServerFault)
	_, err := c.Provider.Create(t.Context(), c.nodeClaim("secret-fault"))
	c.Faults.Mend(t)
	_ = c.Provider.Delete(t.Context(), claim)
	output := c.Secrets.Output()
	if err != nil {
		output += err.Error() // it becomes a condition and a log line
	}
	for _, secret := range c.Secrets.Values {
		if secret == "" || strings.Contains(output, secret) {
			t.Errorf("a secret of %d characters is told", len(secret)) // not which one
		}
	}
}
