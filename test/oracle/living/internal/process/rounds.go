// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/provisioning"
	"karpenter.sh/core/controllers/provisioning/batch"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/test/oracle/living/internal/store"
)

// recheck is how often a trigger of the provisioner that still holds asks again.
const recheck = 10 * time.Second

// window is the provisioner's batching window, which closes by the timeline.
type window struct {
	opened time.Time // zero while closed
	seen   map[types.UID]bool
	// due says that a round is owed whatever triggers come.
	due bool
	// again is in how long another round was asked for without a trigger; 0 means not.
	again time.Duration
	// moment is what the provisioner is told that it waited for.
	moment batch.Moment
	// nextLook is when the next look may be taken; zero after the last.
	nextLook time.Time
}

// Trigger implements provisioning.Window: triggers come by the timeline.
func (*window) Trigger(types.UID) {}

// Known implements provisioning.Window.
func (w *window) Known(uid types.UID) { w.seen[uid] = true }

// Again implements provisioning.Window.
func (w *window) Again(after time.Duration) { w.again = after }

// Wait implements provisioning.Window.
func (w *window) Wait(context.Context) batch.Moment { return w.moment }

// Looked implements provisioning.Window: a look takes no time.
func (w *window) Looked(time.Duration) { w.nextLook = w.nextLook.Add(provisioning.LookAhead) }

// trigger asks for a round on behalf of an object.
func (p *Process) trigger(uid types.UID) {
	now, b := p.Line.Clock().Now(), p.batch
	if b.opened.IsZero() {
		b.opened, b.seen, b.again = now, map[types.UID]bool{}, 0
		b.nextLook = now.Add(provisioning.LookAhead)
	}
	if b.seen[uid] {
		return
	}
	b.seen[uid] = true
	closing := min(batchIdle, b.opened.Add(batchMax).Sub(now))
	delete(p.queue, work{provisioner, nil}) // a new trigger puts the end off
	p.enqueue(provisioner, nil, closing)
	if p.LaunchAhead && !b.nextLook.IsZero() {
		p.enqueue(looker, nil, max(0, b.nextLook.Sub(now)))
	}
}

// look lets the provisioner look at the open window, now that something new came.
func (p *Process) look() (reconcile.Result, error) {
	b := p.batch
	if b.opened.IsZero() || b.due {
		return reconcile.Result{}, nil
	}
	now := p.Line.Clock().Now()
	b.moment, b.nextLook = batch.Look, now
	_, err := p.provisioning.Reconcile(p.ctx)
	if b.nextLook.Equal(now) { // nothing was said of it: it was the last
		b.nextLook = time.Time{}
	}
	p.noteLaunches()
	return reconcile.Result{}, err
}

// provision runs a round, if one was asked for.
func (p *Process) provision() (reconcile.Result, error) {
	if p.batch.opened.IsZero() && p.batch.again == 0 && !p.batch.due {
		return reconcile.Result{}, nil // the provisioner would wait for good
	}
	*p.batch = window{due: true, moment: batch.Closed}
	result, err := p.provisioning.Reconcile(p.ctx)
	p.noteLaunches()
	if err != nil {
		return reconcile.Result{}, err
	}
	if result.RequeueAfter > time.Millisecond { // it waits for its model
		return reconcile.Result{RequeueAfter: result.RequeueAfter}, nil
	}
	p.batch.due = false
	return reconcile.Result{RequeueAfter: p.batch.again}, nil
}

// noteLaunches notes the NodeClaims of a round.
func (p *Process) noteLaunches() {
	for _, u := range p.cluster.Unlaunched() {
		if u.Inserted && !p.known[u.NodeClaim.Name] {
			p.known[u.NodeClaim.Name] = true
			launch := Launch{At: p.Line.Clock().Now(), NodeClaim: u.NodeClaim.Name, Pods: u.Pods}
			p.Launches = append(p.Launches, launch)
			if p.Launched != nil {
				p.Launched(launch)
			}
		}
	}
}

// triggerPod does what the provisioner's pod trigger does, but for crowds: the scheduler
// of these worlds examines a pod at once.
func (p *Process) triggerPod(key types.NamespacedName) (reconcile.Result, error) {
	pod, ok := store.Sees[*corev1.Pod](p.cache, key)
	if !ok || !pods.Provisionable(pod) {
		return reconcile.Result{}, nil
	}
	p.cluster.Decisions.Acknowledge(pod)
	p.trigger(pod.UID)
	return reconcile.Result{RequeueAfter: recheck}, nil
}

// triggerNode does what the provisioner's node trigger does.
func (p *Process) triggerNode(key types.NamespacedName) (reconcile.Result, error) {
	node, ok := store.Sees[*corev1.Node](p.cache, key)
	if !ok {
		p.trigger(types.UID("node/" + key.Name))
		if !p.cluster.Homeless(key.Name) {
			return reconcile.Result{}, nil
		}
		return reconcile.Result{RequeueAfter: recheck}, nil
	}
	disrupted := v1.DisruptedTaint()
	if !slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.MatchTaint(&disrupted) }) {
		return reconcile.Result{}, nil
	}
	p.trigger(node.UID)
	return reconcile.Result{RequeueAfter: recheck}, nil
}
