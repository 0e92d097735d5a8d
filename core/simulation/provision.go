// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/question"
	"karpenter.sh/core/render"
)

// batch collects triggers into windows (SCH-014).
type batch struct {
	open bool
	// opened is when the window was opened, closes when it will be closed.
	opened, closes time.Duration
	// last is when the last round was, tried the version of the world that it left.
	last  time.Duration
	tried uint64
	// retrying is set while another round is planned.
	retrying bool
}

// trigger asks for a round on behalf of something new.
func (r *replay) trigger() {
	b := &r.batch
	if !b.open {
		b.open, b.opened, b.closes = true, r.now, r.now+r.Times.Idle
		r.after(r.Times.Idle, r.window)
		return
	}
	b.closes = min(b.opened+r.Times.Most, r.now+r.Times.Idle)
}

// window closes when nothing new has come for a while.
func (r *replay) window() {
	if wait := r.batch.closes - r.now; wait > 0 {
		r.after(wait, r.window)
		return
	}
	r.batch.open = false
	if err := r.round(); err != nil {
		r.fail(err)
	}
	r.batch.last, r.batch.tried = r.now, r.version
}

// round provides for the pods that wait and for those that will.
func (r *replay) round() error {
	q, err := r.ask(func(*machine) bool { return false })
	if err != nil || len(q.Pods) == 0 {
		return err
	}
	in := q.Input()
	in.Repack = place.RepackSteps
	plan := place.Solve(in)
	targets := q.Cluster.Targets()
	for _, p := range plan.Placements {
		if n := targets.At(p.Node).StateNode; n != nil {
			r.nominate(n.Key())
		}
	}
	for i := range plan.Bins {
		if err := r.launch(q, &plan.Bins[i]); err != nil {
			return err
		}
	}
	return nil
}

// nominate keeps disruption away from a machine for a while (SCH-239).
func (r *replay) nominate(key string) {
	if m := r.byKey[key]; m != nil {
		m.nominated = r.now + cluster.NominationWindow(r.Times.Most)
		r.touch()
	}
}

// wakeRounds plans another round while pods wait and the world has changed since
// the last: whoever was given room may have lost it to others.
func (r *replay) wakeRounds() {
	b := &r.batch
	if !r.mayRetry() || b.retrying {
		return
	}
	b.retrying = true
	r.after(b.last+r.Times.Retry-r.now, func() {
		b.retrying = false
		if r.mayRetry() {
			r.trigger()
		}
	})
}

func (r *replay) mayRetry() bool {
	return len(r.pending) > 0 && !r.batch.open && r.version != r.batch.tried
}

// ask puts a question together: about the pods that wait, those of machines that
// leave, and those of machines that might.
func (r *replay) ask(might func(*machine) bool) (*question.Question, error) {
	s := r.live.Snapshot()
	b := question.New(question.Options{Snapshot: s, Namespaces: map[string]map[string]string{namespace: nil}, Storage: r.storage})
	for _, p := range r.pending {
		if _, served := s.Awaiting(p.key()); served || !p.asked {
			continue
		}
		if err := b.Waiting(p.object, nil); err != nil {
			return nil, fmt.Errorf("asking about pod %s: %w", p.object.Name, err)
		}
	}
	for _, m := range r.machines {
		if m.stage != leaving && !might(m) {
			continue
		}
		if err := askOf(b, m); err != nil {
			return nil, err
		}
	}
	if b.Len() > 0 {
		if _, err := b.Pool(r.Pool, r.Types); err != nil {
			return nil, fmt.Errorf("asking about the node pool: %w", err)
		}
	}
	return b.Build(), nil
}

// askOf asks about the pods of a machine that come back elsewhere.
func askOf(b *question.Builder, m *machine) error {
	for _, p := range m.pods {
		var err error
		switch {
		case p.leaving:
		case m.stage == leaving:
			err = b.Leaving(p.object, nil)
		default:
			err = b.Standing(p.object, nil, m.key)
		}
		if err != nil {
			return fmt.Errorf("asking about pod %s on %s: %w", p.object.Name, m.name, err)
		}
	}
	return nil
}

// launch orders the machine of a bin.
func (r *replay) launch(q *question.Question, bin *place.Bin) error {
	claim, err := claimOf(q, bin)
	if err != nil {
		return err
	}
	created := cluster.CreatedNodeClaim{NodeClaim: claim}
	pool := &q.Pools[bin.Pool]
	for _, t := range bin.Types {
		created.Capacity = created.Capacity.Raise(pool.Template.Catalogue.Type(t).Capacity)
	}
	for _, i := range bin.Pods {
		created.Pods = append(created.Pods, keyOf(q.Pods[i]))
		created.Requests = append(created.Requests, q.Models[i].Class.Requests)
	}
	r.order(created)
	return nil
}

func keyOf(p *corev1.Pod) types.NamespacedName {
	return types.NamespacedName{Namespace: p.Namespace, Name: p.Name}
}

// claimOf is the NodeClaim of a bin.
func claimOf(q *question.Question, bin *place.Bin) (*v1.NodeClaim, error) {
	pool := &q.Pools[bin.Pool]
	return render.NodeClaim(render.Input{
		NodePool: pool.NodePool, Template: pool.Template, Bin: bin, Types: pool.Types, Compiler: q.Cluster.Compiler(),
	})
}
