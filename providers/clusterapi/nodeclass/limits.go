// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/providers/clusterapi/scaling"
	"karpenter.sh/providers/clusterapi/stock"
)

// lift takes deployments back that were refused for their size and may grow again, since
// somebody has raised the limit or replicas have fallen (CAPI-037). An event of the
// deployment brings the resolver here.
func (r *Resolver) lift(deployments []stock.Deployment) {
	for _, d := range deployments {
		if limit, limited := d.Object.MaxSize(); limited && d.Object.Replicas() >= limit {
			continue
		}
		r.opts.Health.LiftIf(func(e health.Entry) bool { return e.Scope == scopeOf(d) && e.Reason == scaling.ReasonLimit })
	}
}
