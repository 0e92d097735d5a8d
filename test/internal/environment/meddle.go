// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// meddling is how often somebody else writes.
const meddling = 300 * time.Millisecond

// Meddle has somebody else write pools and all their NodeClaims and Nodes until ctx
// ends, a label and an annotation that mean nothing: what Karpenter has read of them
// is always old.
func (e *Environment) Meddle(ctx context.Context, pools ...*v1.NodePool) {
	for _, pool := range pools {
		gomega.ExpectWithOffset(1, e.touch(ctx, pool, 0)).To(gomega.Succeed(), "touch %s", pool.Name)
	}
	go func() {
		round := 0
		wait.UntilWithContext(ctx, func(ctx context.Context) {
			round++
			for _, o := range e.touched(ctx, pools) {
				_ = e.touch(ctx, o, round) // it may be gone by now
			}
		}, meddling)
	}()
}

// touched are pools with what they have launched, as far as can be read.
func (e *Environment) touched(ctx context.Context, pools []*v1.NodePool) []client.Object {
	var out []client.Object
	for _, pool := range pools {
		out = append(out, &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: pool.Name}})
		var claims v1.NodeClaimList
		if e.List(ctx, &claims, ofPool(pool)) == nil {
			out = append(out, items(&claims)...)
		}
		var nodes corev1.NodeList
		if e.List(ctx, &nodes, ofPool(pool)) == nil {
			out = append(out, items(&nodes)...)
		}
	}
	return out
}

func (e *Environment) touch(ctx context.Context, o client.Object, round int) error {
	return e.Merge(ctx, o, fmt.Sprintf(`{"metadata":{"labels":{"%[1]s":"%[2]d"},"annotations":{"%[1]s":"%[2]d"}}}`, objects.Meddled, round))
}

// evicted is the taint of [Environment.DriveAway].
var evicted = corev1.Taint{Key: "testing/evicted", Effect: corev1.TaintEffectNoExecute}

// DriveAway has somebody else taint each new node of a pool until ctx ends, so that no
// pod can come or stay.
func (e *Environment) DriveAway(ctx context.Context, pool *v1.NodePool) {
	go wait.UntilWithContext(ctx, func(ctx context.Context) {
		var nodes corev1.NodeList
		if e.List(ctx, &nodes, ofPool(pool)) != nil {
			return
		}
		for i := range nodes.Items {
			n := &nodes.Items[i]
			if slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.MatchTaint(&evicted) }) {
				continue
			}
			before := n.DeepCopy()
			n.Spec.Taints = append(n.Spec.Taints, evicted)
			_ = e.Patch(ctx, n, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})) // next time, if somebody was faster
		}
	}, meddling)
}
