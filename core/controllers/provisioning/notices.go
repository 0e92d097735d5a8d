// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"strings"
	"time"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/events"
)

// notices tells pods what became of them.
type notices struct {
	recorder events.Recorder
	// nominations is the budget of all pods together (SCH-226).
	nominations *rate.Limiter
}

func newNotices(r events.Recorder) *notices {
	return &notices{recorder: r, nominations: rate.NewLimiter(5, 10)}
}

// nominated tells a pod that waits where it should land.
func (n *notices) nominated(pod *corev1.Pod, where string) {
	if pod.Spec.NodeName != "" {
		return
	}
	n.recorder.Publish(events.Event{
		Object: pod, Type: events.Normal, Reason: events.Nominated,
		Message:      "Pod should schedule on: " + where,
		DedupeValues: []string{string(pod.UID)}, Limiter: n.nominations,
	})
}

// failed tells a pod why it has no node. Gist is what of it is news; empty for all
// of it.
func (n *notices) failed(pod *corev1.Pod, why, gist string) {
	n.recorder.Publish(events.Event{
		Object: pod, Type: events.Warning, Reason: events.FailedScheduling,
		Message: "Failed to schedule pod, " + why, Gist: gist,
		DedupeValues: []string{string(pod.UID)}, DedupeTimeout: 5 * time.Minute,
	})
}

// destination names what is known of a node.
func destination(n *cluster.StateNode) string {
	var parts []string
	if n.NodeClaim() != nil {
		parts = append(parts, "nodeclaim/"+n.NodeClaim().Name)
	}
	if n.Node() != nil {
		parts = append(parts, "node/"+n.Node().Name)
	}
	return strings.Join(parts, ", ")
}

func noCompatibleInstanceTypes(np *v1.NodePool, why string) events.Event {
	return events.Event{
		Object: np, Type: events.Warning, Reason: events.NoCompatibleInstanceTypes,
		Message:      why,
		DedupeValues: []string{string(np.UID)}, DedupeTimeout: time.Minute,
	}
}

// reportRejected tells about pods that cannot be served as they are (SCH-030);
// those that run are told when they wait.
func (p *Provisioner) reportRejected(ctx context.Context, g *gathered) {
	ignored := 0
	for _, r := range g.rejected {
		log.FromContext(ctx).V(1).Info("ignoring pod", "Pod", client.ObjectKeyFromObject(r.Pod), "reason", r.Err.Error())
		if r.Pod.Spec.NodeName != "" {
			continue
		}
		ignored++
		p.Cluster.Decisions.Failed(r.Pod)
		if !r.Refuses() {
			p.notices.failed(r.Pod, "ignoring pod, "+r.Err.Error(), "")
		}
	}
	p.Metrics.Ignored(ignored)
}

// reportDeferred leaves the pods that wait for reserved capacity as they are: the
// next round knows more (SCH-215).
func reportDeferred(ctx context.Context, g *gathered, pods []int) {
	for _, i := range pods {
		log.FromContext(ctx).V(1).Info("waiting for reserved capacity that other nodes may need", "Pod", client.ObjectKeyFromObject(g.Pods[i]))
	}
}

// shown is how many entries of a list a log record holds (OPS-081).
const shown = 5
