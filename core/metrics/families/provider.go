// SPDX-License-Identifier: Apache-2.0

package families

// provider is how calls of the cloud provider go.
func provider() Group {
	call := []string{"controller", "method", "provider"}
	return Group{Title: "Calls of the cloud provider", Families: []Family{
		// OPS-147
		{Name: "karpenter_cloudprovider_duration_seconds", Type: Histogram, Labels: call, Buckets: Calls(), Stage: Beta,
			Help: "Duration of the calls to the cloud provider, by controller, method and provider."},
		// OPS-148
		{Name: "karpenter_cloudprovider_errors_total", Type: Counter, Labels: append(call[:3:3], "error"), Stage: Beta, Always: true,
			Help: "Failed calls to the cloud provider, by controller, method, provider and class of error."},
	}}
}

// offerings is what the provider sells (CP-078). There is a series for everything that
// is on sale.
func offerings() Group {
	const prefix = "karpenter_cloudprovider_instance_type_"
	of := func(name, help string, labels ...string) Family {
		return Family{Name: prefix + name, Type: Gauge, Labels: labels, Stage: Beta, Needs: NeedsOfferings, Help: help}
	}
	return Group{Title: "What the provider sells", Families: []Family{
		of("cpu_cores", "CPU cores of an instance type.", "instance_type"),
		of("memory_bytes", "Memory of an instance type.", "instance_type"),
		of("offering_available", "Whether an offering is available to any nodepool: 1 if it is, else 0.", "instance_type", "capacity_type", "zone"),
		of("offering_price_estimate", "Price of an offering per hour in the provider's currency; the lowest, if nodepools differ.",
			"instance_type", "capacity_type", "zone"),
	}}
}

// Kit lists the families of the parts that providers share.
func Kit() Group {
	return Group{Title: "Parts that providers share", Families: []Family{
		// CP-093
		{Name: "karpenter_cloudprovider_batcher_batch_time_seconds", Type: Histogram, Labels: []string{"batcher"}, Buckets: Calls(), Stage: Alpha,
			Help: "Time from the first caller of a batch to its request, by batcher."},
		{Name: "karpenter_cloudprovider_batcher_batch_size", Type: Histogram, Labels: []string{"batcher"}, Stage: Alpha,
			Buckets: []float64{
				1, 2, 4, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100, 125, 150, 175, 200, 225, 250,
				275, 300, 350, 400, 450, 500, 550, 600, 700, 800, 900, 1000,
			}, Help: "Callers that one request of a batcher served, by batcher."},
		// KIT-096
		{Name: "karpenter_cloudprovider_cache_age_seconds", Type: Gauge, Labels: []string{"cache"}, Stage: Alpha,
			Help: "Age of the value that a cache of the provider returned last, by cache."},
		{Name: "karpenter_cloudprovider_cache_load_failures_total", Type: Counter, Labels: []string{"cache"}, Stage: Alpha, Always: true,
			Help: "Failed loads of a cache of the provider, by cache."},
		// KIT-046
		{Name: "karpenter_cloudprovider_price_age_seconds", Type: Gauge, Labels: []string{"capacity_type"}, Stage: Alpha,
			Help: "Time since the cloud last gave prices, or since the embedded prices were collected."},
	}}
}
