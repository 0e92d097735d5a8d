// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/test/oracle/internal/scheduler"
)

// Step is a pod with the node that the plan wants it on.
type Step struct {
	Pod  *corev1.Pod
	Node string
}

// Stuck tells of the steps that could not be taken.
type Stuck struct {
	// Bound are the steps taken, in their order; Left those that all fail now,
	// each with the scheduler's reason.
	Bound []Step
	Left  []Step
	Why   []*scheduler.Refusal
}

// String lists what was bound, and why each of the rest was not.
func (s *Stuck) String() string {
	var b strings.Builder
	for _, step := range s.Bound {
		fmt.Fprintf(&b, "bound %s/%s to %s\n", step.Pod.Namespace, step.Pod.Name, step.Node)
	}
	for i, step := range s.Left {
		fmt.Fprintf(&b, "refused %s/%s on %s: %s\n", step.Pod.Namespace, step.Pod.Name, step.Node, s.Why[i])
	}
	return b.String()
}

// search looks for an order in which all steps pass.
type search struct {
	ctx     context.Context
	cluster *scheduler.Cluster
	steps   []Step
	taken   []int
	dead    map[uint64]bool // sets of taken steps that lead nowhere
	// furthest is the longest way that was found.
	furthest *Stuck
}

// Order returns nil if there is an order in which the scheduler takes all
// steps; else how far it came at most.
func Order(ctx context.Context, c *scheduler.Cluster, steps []Step) (*Stuck, error) {
	s := &search{ctx: ctx, cluster: c, steps: steps, dead: map[uint64]bool{}}
	found, err := s.from(0)
	if err != nil || found {
		return nil, err
	}
	return s.furthest, nil
}

// from goes on from a set of taken steps.
func (s *search) from(set uint64) (bool, error) {
	if len(s.taken) == len(s.steps) {
		return true, nil
	}
	if s.dead[set] {
		return false, nil
	}
	stuck := &Stuck{}
	for i, step := range s.steps {
		if set&(1<<i) != 0 {
			continue
		}
		why, err := s.ask(step)
		if err != nil {
			return false, err
		}
		if why != nil {
			stuck.Left, stuck.Why = append(stuck.Left, step), append(stuck.Why, why)
			continue
		}
		if found, err := s.take(set, i); found || err != nil {
			return found, err
		}
	}
	s.dead[set] = true
	s.remember(stuck)
	return false, nil
}

func (s *search) ask(step Step) (*scheduler.Refusal, error) {
	q, err := s.cluster.Ask(s.ctx, step.Pod)
	if err != nil {
		return nil, err
	}
	return q.On(s.ctx, step.Node)
}

// take binds one pod and goes on; the pods stay bound if a whole order is found.
func (s *search) take(set uint64, i int) (bool, error) {
	if err := s.cluster.Bind(s.steps[i].Pod, s.steps[i].Node); err != nil {
		return false, err
	}
	s.taken = append(s.taken, i)
	if found, err := s.from(set | 1<<i); found || err != nil {
		return found, err
	}
	s.taken = s.taken[:len(s.taken)-1]
	return false, s.cluster.Unbind()
}

func (s *search) remember(stuck *Stuck) {
	if s.furthest != nil && len(s.furthest.Bound) >= len(s.taken) {
		return
	}
	for _, i := range s.taken {
		stuck.Bound = append(stuck.Bound, s.steps[i])
	}
	s.furthest = stuck
	s.furthest.Left = slices.Clone(stuck.Left)
}
