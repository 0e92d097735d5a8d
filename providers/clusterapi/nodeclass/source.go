// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
)

// Source asks for all NodeClasses of a cache to be resolved whenever the channel that
// changes returns is closed (CAPI-060). Changes that come together are one.
func Source(cache client.Reader, changes func() <-chan struct{}) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		next := changes()
		go func() {
			for {
				select {
				case <-next:
				case <-ctx.Done():
					return
				}
				next = changes()
				ask(ctx, cache, queue)
			}
		}()
		return nil
	})
}

func ask(ctx context.Context, cache client.Reader, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	var list v1alpha1.ClusterAPINodeClassList
	if err := cache.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "listing ClusterAPINodeClasses: a change of MachineDeployments is seen at the next look")
		return
	}
	for i := range list.Items {
		queue.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: list.Items[i].Name}})
	}
}
