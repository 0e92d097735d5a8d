// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"fmt"
	"sync"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	v1 "karpenter.sh/core/apis/v1"
)

// Usage follows the NodeClaims of one pool and remembers the most that the pool
// ever had at one time. A claim counts from its creation to the request for its
// deletion: as a node at once, with its capacity from its launch on (SCH-200).
type Usage struct {
	mu     sync.Mutex
	claims map[types.UID]corev1.ResourceList
	peak   corev1.ResourceList
	err    error
}

// NewUsage starts from an empty pool.
func NewUsage() *Usage {
	return &Usage{claims: map[types.UID]corev1.ResourceList{}, peak: corev1.ResourceList{}}
}

// Watch follows a pool, which has no NodeClaims yet, until ctx ends.
func (e *Environment) Watch(ctx context.Context, pool *v1.NodePool) *Usage {
	stream, err := e.WithWatch.Watch(ctx, &v1.NodeClaimList{}, ofPool(pool))
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	usage := NewUsage()
	go follow(ctx, stream, usage.Observe, usage.fail)
	return usage
}

// Observe takes one change into account.
func (u *Usage) Observe(event watch.Event) {
	claim, ok := event.Object.(*v1.NodeClaim)
	if !ok {
		u.fail(fmt.Errorf("the watch brought %s: %v", event.Type, event.Object))
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if event.Type == watch.Deleted || claim.DeletionTimestamp != nil {
		delete(u.claims, claim.UID)
		return
	}
	u.claims[claim.UID] = claim.Status.Capacity
	for name, quantity := range u.now() {
		if most := u.peak[name]; quantity.Cmp(most) > 0 {
			u.peak[name] = quantity
		}
	}
}

// Peak returns the most of a resource that the pool had, v1.ResourceNodes
// included, and an error if changes may have been missed.
func (u *Usage) Peak(name corev1.ResourceName) (resource.Quantity, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.peak[name], u.err
}

func (u *Usage) now() corev1.ResourceList {
	sum := corev1.ResourceList{v1.ResourceNodes: *resource.NewQuantity(int64(len(u.claims)), resource.DecimalSI)}
	for _, capacity := range u.claims {
		for name, quantity := range capacity {
			total := sum[name]
			total.Add(quantity)
			sum[name] = total
		}
	}
	return sum
}

func (u *Usage) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.err = err
}
