// SPDX-License-Identifier: Apache-2.0

package nomination

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/core/reconcile/patch"
)

// parallel bounds the writes in flight; the client's own rate limit decides how fast they
// go.
const parallel = 20

// Patience bounds what a node, or a round, waits for its pods to be told (SCH-311).
const Patience = 10 * time.Second

// Options are what a [Nominator] works with.
type Options struct {
	// Client reads pods from the cache, and writes them.
	Client    client.Client
	Decisions *cluster.Decisions
	Recorder  events.Recorder
	Clock     clock.WithTicker
	// Off writes nothing (OPS-290).
	Off bool
}

// Nominator writes nominations. Safe for concurrent use.
type Nominator struct {
	Options

	together together

	mu     sync.Mutex
	ledger ledger
}

// New returns a Nominator that has written nothing.
func New(o Options) *Nominator {
	return &Nominator{Options: o, together: together{clock: o.Clock}, ledger: newLedger()}
}

// Waiting tells of all pods that wait for a node, whoever planned for them. What is
// remembered of others is forgotten.
func (n *Nominator) Waiting(pods []*corev1.Pod) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ledger.waiting(pods)
}

// Announce tells the pods that were planned for a NodeClaim that its Node has a
// name, together with the pods of other nodes that come up at the same time. It
// returns when they have been told, or cannot be (SCH-311).
func (n *Nominator) Announce(ctx context.Context, nodeClaim, node string) {
	if n.Off || !n.mixed() {
		return
	}
	pods := n.assigned(ctx, nodeClaim)
	if len(pods) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	n.together.join(ctx, node, pods, func(nodes map[string][]*corev1.Pod) {
		// The first to come began the gathering; that it gives up concerns no other.
		n.nominate(context.WithoutCancel(ctx), nodes)
	})
}

// assigned are the pods that wait for the node of a NodeClaim.
func (n *Nominator) assigned(ctx context.Context, nodeClaim string) (pods []*corev1.Pod) {
	for _, id := range n.Decisions.Assigned(nodeClaim) {
		var pod corev1.Pod
		if n.Client.Get(ctx, id.NamespacedName, &pod) == nil && pod.UID == id.UID && pod.Spec.NodeName == "" {
			pods = append(pods, &pod)
		}
	}
	return pods
}

// Nominate tells pods which nodes are for them, by name of the node.
func (n *Nominator) Nominate(ctx context.Context, nodes map[string][]*corev1.Pod) {
	if !n.Off && n.mixed() {
		n.nominate(ctx, nodes)
	}
}

// Restore tells a pod again what it was told here, if the scheduler has taken that back
// since: it does so when it tries a pod whose node is not open yet (SCH-316), and until
// the next round somebody else could take its place (SCH-313).
func (n *Nominator) Restore(ctx context.Context, pod *corev1.Pod) {
	n.mu.Lock()
	node, taken := n.ledger.takenBack(pod)
	taken = taken && n.ledger.mixed
	n.mu.Unlock()
	if taken && !n.Off {
		n.write(ctx, pod, node)
	}
}

// Withdraw takes back what pods were told here, if they were. What the scheduler has
// taken back already is not told again.
func (n *Nominator) Withdraw(ctx context.Context, pods []*corev1.Pod) {
	n.nominate(ctx, map[string][]*corev1.Pod{"": n.told(pods)})
}

// told are the pods that still show what they were told here. Of others that is
// forgotten.
func (n *Nominator) told(pods []*corev1.Pod) (out []*corev1.Pod) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, pod := range pods {
		if n.ledger.ours(pod) {
			out = append(out, pod)
		} else if _, taken := n.ledger.takenBack(pod); taken {
			n.ledger.drop(pod)
		}
	}
	return out
}

// nominate tells pods of a node what can be told in time; the next round tells the others.
func (n *Nominator) nominate(ctx context.Context, nodes map[string][]*corev1.Pod) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	type nomination struct {
		pod  *corev1.Pod
		node string
	}
	var all []nomination
	for node, pods := range nodes {
		for _, pod := range pods {
			all = append(all, nomination{pod, node})
		}
	}
	concurrency.Each(all, parallel, func(_ int, x nomination) error {
		n.write(ctx, x.pod, x.node)
		return nil
	})
}

// Ours reports whether a pod's nomination was written here.
func (n *Nominator) Ours(pod *corev1.Pod) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ledger.ours(pod)
}

// Pending reports whether a nomination by somebody else is to be waited for; see
// [ledger.pending]. Leaving says that pods are leaving the node.
func (n *Nominator) Pending(pod *corev1.Pod, leaving bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ledger.pending(pod, leaving, n.Clock.Now())
}

// mixed: while all pods are of one kind it does not matter which goes where, and in a
// crowd nominations cost more than they are worth (SCH-312).
func (n *Nominator) mixed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ledger.mixed
}

// write stores one nomination; none if node is empty.
func (n *Nominator) write(ctx context.Context, pod *corev1.Pod, node string) {
	n.mu.Lock()
	may := n.ledger.may(pod, node, n.Clock.Now())
	n.mu.Unlock()
	if !may || ctx.Err() != nil {
		return
	}
	version, err := n.patch(ctx, pod, node)
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case err == nil:
		n.ledger.wrote(pod, node, version)
	case apierrors.IsNotFound(err) || apierrors.IsConflict(err): // the pod is not as it was
	case !refused(err): // time is up, or the server is busy
		n.ledger.tried(pod, node)
		log.FromContext(ctx).V(1).Info("could not tell the scheduler what is planned", "error", err.Error())
	case n.ledger.refused(n.Clock.Now()):
		log.FromContext(ctx).Error(err, "telling the scheduler what is planned")
		n.Recorder.Publish(refusal(pod, err))
	}
}

// refused reports whether the API server answered that it does not want a write, in contrast
// to one that could not be made in time.
func refused(err error) bool {
	var answer apierrors.APIStatus
	if !errors.As(err, &answer) {
		return false
	}
	switch status := answer.Status(); status.Reason {
	case metav1.StatusReasonTimeout, metav1.StatusReasonServerTimeout, metav1.StatusReasonTooManyRequests, metav1.StatusReasonServiceUnavailable:
		return false
	case metav1.StatusReasonUnknown: // a webhook need not say why, and a busy etcd does not
		return status.Code < http.StatusInternalServerError
	}
	return true
}

// asItWas is what must still hold of a pod for a nomination to be written: it is
// neither bound nor going, and nobody else has nominated it since.
func asItWas() patch.Condition {
	return patch.If([]string{"spec", "nodeName"}, []string{"metadata", "deletionTimestamp"}, []string{"status", "nominatedNodeName"})
}

// patch returns the version of the pod that the write led to.
func (n *Nominator) patch(ctx context.Context, pod *corev1.Pod, node string) (version string, err error) {
	after := *pod // a cached object: what it refers to stays as it is
	after.Status.NominatedNodeName = node
	if _, err := patch.Status(ctx, n.Client, pod, &after, asItWas()); err != nil {
		return "", fmt.Errorf("nominating pod %s/%s to node %q: %w", pod.Namespace, pod.Name, node, err)
	}
	return after.ResourceVersion, nil
}
