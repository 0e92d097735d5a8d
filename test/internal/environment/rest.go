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

	v1 "karpenter.sh/core/apis/v1"
)

// calm is how long a cluster at rest is watched: some batching windows and
// passes of disruption.
const calm = 5 * time.Second

// ExpectRest waits until the test's world is at rest, as [Unrest] has it, and
// then sees that it stays so: no NodeClaim comes or goes any more. The pools must
// give up empty nodes, or those are found to be needed by nobody.
func (e *Environment) ExpectRest(ctx context.Context, pools ...*v1.NodePool) {
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
	}).WithContext(ctx).WithTimeout(calm).WithPolling(interval).Should(gomega.Succeed())
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
	return append(wrong, Unserved(pods.Items)...), uids
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
