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
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

const (
	// calm is how long a cluster at rest is watched: some batching windows and
	// passes of disruption.
	calm = 5 * time.Second
	// longCalm has a pass of disruption in it even if nothing else causes one.
	longCalm = 12 * time.Second
	// decided is how long a command of consolidation may be about to be carried out
	// (DIS-102).
	decided = 20 * time.Second
)

// ExpectRest waits until the test's world is at rest, as [Unrest] has it, and
// then sees that it stays so: no NodeClaim comes or goes any more, and none is about
// to. The pools must give up empty nodes, or those are found to be needed by nobody.
func (e *Environment) ExpectRest(ctx context.Context, pools ...*v1.NodePool) {
	span := calm
	if slices.ContainsFunc(pools, consolidates) {
		span = longCalm
	}
	var claims []types.UID
	e.eventually(ctx, patience, func(g gomega.Gomega) {
		var wrong []string
		wrong, claims = e.unrest(ctx, pools)
		g.Expect(wrong).To(gomega.BeEmpty())
	})
	gomega.ConsistentlyWithOffset(1, func(g gomega.Gomega) {
		wrong, now := e.unrest(ctx, pools)
		g.Expect(wrong).To(gomega.BeEmpty())
		g.Expect(now).To(gomega.ConsistOf(claims), "the NodeClaims of a cluster at rest")
	}).WithContext(ctx).WithTimeout(span).WithPolling(interval).Should(gomega.Succeed())
}

// unrest looks at all that the test has made, and returns the NodeClaims too.
func (e *Environment) unrest(ctx context.Context, pools []*v1.NodePool) (wrong []string, uids []types.UID) {
	var pods corev1.PodList
	gomega.ExpectWithOffset(3, e.List(ctx, &pods, e.mine())).To(gomega.Succeed())
	for _, pool := range pools {
		nodes, claims := e.Nodes(ctx, pool), e.Claims(ctx, pool)
		wrong = append(wrong, Unpaired(pool, nodes, claims)...)
		wrong = append(wrong, Unneeded(nodes, pods.Items)...)
		for i := range claims {
			uids = append(uids, claims[i].UID)
		}
	}
	if slices.ContainsFunc(pools, consolidates) {
		wrong = append(wrong, e.candidates(ctx, uids)...)
	}
	return append(wrong, Unserved(pods.Items)...), uids
}

// consolidates tells whether a pool gives up more than empty nodes.
func consolidates(pool *v1.NodePool) bool {
	d := pool.Spec.Disruption
	return d.ConsolidateAfter != v1.Never && d.ConsolidationPolicy != v1.ConsolidationPolicyWhenEmpty
}

// candidates lists the NodeClaims that consolidation is about to give up.
func (e *Environment) candidates(ctx context.Context, uids []types.UID) []string {
	var events corev1.EventList
	about := client.MatchingFields{"involvedObject.kind": "NodeClaim", "reason": "ConsolidationCandidate"}
	gomega.ExpectWithOffset(4, e.List(ctx, &events, about)).To(gomega.Succeed())
	var wrong []string
	for i := range events.Items {
		if ev := &events.Items[i]; slices.Contains(uids, ev.InvolvedObject.UID) && time.Since(ev.LastTimestamp.Time) < decided {
			wrong = append(wrong, fmt.Sprintf("NodeClaim %s is to go: %s", ev.InvolvedObject.Name, ev.Message))
		}
	}
	return wrong
}

// Unserved lists the pods that wait for a node or are on their way out.
func Unserved(pods []corev1.Pod) []string {
	var wrong []string
	for i := range pods {
		p := &pods[i]
		switch {
		case p.DeletionTimestamp != nil:
			wrong = append(wrong, fmt.Sprintf("pod %s is on its way out", p.Name))
		case p.Status.Phase == corev1.PodPending:
			wrong = append(wrong, fmt.Sprintf("pod %s is pending on node %q", p.Name, p.Spec.NodeName))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// Unneeded lists the nodes that run nothing but daemons.
func Unneeded(nodes []corev1.Node, pods []corev1.Pod) []string {
	needed := map[string]bool{}
	for i := range pods {
		if p := &pods[i]; !daemon(p) && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
			needed[p.Spec.NodeName] = true
		}
	}
	var wrong []string
	for i := range nodes {
		if !needed[nodes[i].Name] {
			wrong = append(wrong, fmt.Sprintf("nobody needs node %s", nodes[i].Name))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func daemon(p *corev1.Pod) bool {
	owner := metav1.GetControllerOf(p)
	return owner != nil && owner.Kind == "DaemonSet"
}
