// SPDX-License-Identifier: Apache-2.0

package families

// Flags that some families depend on.
const (
	// NeedsOfferings is the flag of those whose series are as many as a provider sells
	// (OPS-298).
	NeedsOfferings = "--offering-metrics"
	// NeedsCompatibility is the flag of those that say nothing that others do not say
	// (OPS-299).
	NeedsCompatibility = "--compatibility-metrics"
	// NeedsState says that a flag takes the family away (OPS-018).
	NeedsState = "--disable-cluster-state-observability=false"
)

// Core lists the families of every binary whose labels no provider adds to.
func Core() []Group {
	return []Group{
		process(), scheduling(), nodeClaims(), nodes(), disruption(), nodePools(), pods(), provider(), offerings(),
	}
}

// process is what runs.
func process() Group {
	return Group{Title: "Process", Families: []Family{
		// OPS-090
		{Name: "karpenter_build_info", Type: Gauge, Labels: []string{"version", "goversion", "goarch", "commit"}, Stage: Stable, Always: true,
			Help: "The build that is running, by version, Go version, architecture and commit; always 1."},
		// OPS-300
		{Name: "leader_election_slowpath_total", Type: Counter, Labels: []string{"name"}, Stage: Alpha,
			Help: "Renewals of the lease that had to read it first, because writing it as it was last seen failed."},
	}}
}
