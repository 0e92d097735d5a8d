// SPDX-License-Identifier: Apache-2.0

package nomination

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/events"
	"karpenter.sh/core/reconcile/patch"
)

const (
	// parallel bounds the writes in flight; the client's own rate limit decides how
	// fast they go.
	parallel = 20
	// patience bounds what a node waits for its pods to be told.
	patience = 10 * time.Second
)

// Options are what a [Nominator] works with.
type Options struct {
	// Client reads pods from the cache, and writes them.
	Client    client.Client
	Decisions *cluster.Decisions
	Recorder  events.Recorder
	Clock     clock.PassiveClock
	// Off writes nothing (OPS-290).
	Off bool
}

// Nominator writes nominations. Safe for concurrent use.
type Nominator struct {
	Options

	mu     sync.Mutex
	ledger ledger
}

// New returns a Nominator that has written nothing.
func New(o Options) *Nominator { return &Nominator{Options: o, ledger: newLedger()} }

// Waiting tells of all pods that wait for a node, whoever planned for them. What is
// remembered of others is forgotten.
func (n *Nominator) Waiting(pods []*corev1.Pod) {
	mixed := differ(pods)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ledger.mixed = mixed
	n.ledger.retain(pods)
}

// Announce tells the pods that were planned for a NodeClaim that its Node has a
// name. It returns when they have been told, or cannot be (SCH-311).
func (n *Nominator) Announce(ctx context.Context, nodeClaim, node string) {
	if n.Off || !n.mixed() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var pods []*corev1.Pod
	for _, id := range n.Decisions.Assigned(nodeClaim) {
		var pod corev1.Pod
		if n.Client.Get(ctx, id.NamespacedName, &pod) == nil && pod.UID == id.UID {
			pods = append(pods, &pod)
		}
	}
	n.Nominate(ctx, pods, node)
}

// Nominate tells pods that a node is for them.
func (n *Nominator) Nominate(ctx context.Context, pods []*corev1.Pod, node string) {
	if n.Off || !n.mixed() {
		return
	}
	n.each(pods, func(pod *corev1.Pod) { n.write(ctx, pod, node) })
}

// Withdraw takes back what pods were told here, if they were.
func (n *Nominator) Withdraw(ctx context.Context, pods []*corev1.Pod) {
	n.each(pods, func(pod *corev1.Pod) { n.write(ctx, pod, "") })
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

// mixed: while all pods are of one kind it does not matter which goes where
// (SCH-312).
func (n *Nominator) mixed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ledger.mixed
}

func (n *Nominator) each(pods []*corev1.Pod, do func(*corev1.Pod)) {
	slots := make(chan struct{}, parallel)
	var wg sync.WaitGroup
	for _, pod := range pods {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			do(pod)
		})
	}
	wg.Wait()
}

// write stores one nomination; none if node is empty.
func (n *Nominator) write(ctx context.Context, pod *corev1.Pod, node string) {
	n.mu.Lock()
	may := n.ledger.may(pod, node, n.Clock.Now())
	n.mu.Unlock()
	if !may {
		return
	}
	err := n.patch(ctx, pod, node)
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case err == nil:
		n.ledger.wrote(pod, node)
	case apierrors.IsNotFound(err) || apierrors.IsConflict(err) || ctx.Err() != nil: // the pod is not as it was, or time is up
	case n.ledger.refused(n.Clock.Now()):
		log.FromContext(ctx).Error(err, "telling the scheduler what is planned")
		n.Recorder.Publish(refusal(pod, err))
	}
}

// asItWas is what must still hold of a pod for a nomination to be written: it is
// neither bound nor going, and nobody else has nominated it since.
var asItWas = patch.If([]string{"spec", "nodeName"}, []string{"metadata", "deletionTimestamp"}, []string{"status", "nominatedNodeName"})

func (n *Nominator) patch(ctx context.Context, pod *corev1.Pod, node string) error {
	after := *pod // a cached object: what it refers to stays as it is
	after.Status.NominatedNodeName = node
	if _, err := patch.Status(ctx, n.Client, pod, &after, asItWas); err != nil {
		return fmt.Errorf("nominating pod %s/%s to node %q: %w", pod.Namespace, pod.Name, node, err)
	}
	return nil
}
