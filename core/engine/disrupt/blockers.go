// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

// exam is one node under examination by a method.
type exam struct {
	now   time.Time
	kind  Kind
	node  *Node
	pools map[string]Pool
}

// rule is one row of a table in which the first row that applies decides.
type rule struct {
	cause Cause
	// applies reports whether the node must stay for this cause.
	applies func(exam) bool
	// detail adds what is to be said beside the cause; nil for nothing.
	detail func(exam, *Refusal)
}

// blockers are the checks that all methods share, in order (DIS-029). Cheap ones
// and those that make later ones meaningless come first.
var blockers = []rule{
	{cause: Held, applies: func(x exam) bool { return x.node.Held }},
	{cause: Unmanaged, applies: func(x exam) bool { return !x.node.Claimed }},
	{cause: NoNode, applies: func(x exam) bool { return !x.node.Exists }},
	{cause: NotInitialized, applies: func(x exam) bool { return !x.node.Initialized }},
	{cause: Leaving, applies: func(x exam) bool { return x.node.Leaving }},
	{cause: Nominated, applies: func(x exam) bool { return x.node.Nominated }},
	{cause: Protected, applies: func(x exam) bool { return x.node.Protected }},
	{cause: NoPoolLabel, applies: func(x exam) bool { return x.node.Pool == "" }},
	{cause: PoolMissing, applies: exam.poolMissing, detail: exam.namePool},
	{cause: PoolUnmanaged, applies: func(x exam) bool { return !x.pool().Managed }, detail: exam.namePool},
	{cause: PoolPaused, applies: func(x exam) bool { return x.pool().Paused }, detail: exam.namePool},
	{cause: PoolWithoutTypes, applies: lacksTypes(TypesUnavailable), detail: exam.namePool},
	{cause: PoolUnevaluated, applies: lacksTypes(TypesUnevaluated), detail: exam.namePool},
	{cause: PodProtected, applies: func(x exam) bool { return x.protectedPod() != nil }, detail: exam.nameProtectedPod},
	{cause: PodBudgeted, applies: func(x exam) bool { return x.budgetedPod() != nil }, detail: exam.nameBudgetedPod},
}

// Blocked returns why no method of a kind may take a node, whatever else the
// method asks for; false if nothing is in its way.
func (s State) Blocked(kind Kind, n Node) (Refusal, bool) {
	return exam{s.Now, kind, &n, s.Pools}.first(blockers)
}

// examine returns the nodes to which no rule applies, and why each other one
// stays.
func (s State) examine(kind Kind, rules []rule) (free []*Node, refused []Refusal) {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if s.among != nil && !s.among[n.ID] {
			continue
		}
		if r, found := (exam{s.Now, kind, n, s.Pools}).first(rules); found {
			refused = append(refused, r)
		} else {
			free = append(free, n)
		}
	}
	return free, refused
}

// first returns the refusal of the first rule that applies.
func (x exam) first(rules []rule) (Refusal, bool) {
	for _, row := range rules {
		if !row.applies(x) {
			continue
		}
		r := Refusal{Node: x.node.ID, Cause: row.cause}
		if row.detail != nil {
			row.detail(x, &r)
		}
		return r, true
	}
	return Refusal{}, false
}

func (x exam) pool() Pool { return x.pools[x.node.Pool] }

func (x exam) poolMissing() bool {
	_, exists := x.pools[x.node.Pool]
	return !exists
}

// lacksTypes applies to nodes of a pool whose types are in a state in which the
// method cannot decide.
func lacksTypes(state Types) func(exam) bool {
	return func(x exam) bool { return x.kind.NeedsTypes && x.pool().Types == state }
}

func (x exam) namePool(r *Refusal) { r.Pool = x.node.Pool }

// podsBlock reports whether the pods of the node have a say.
func (x exam) podsBlock() bool {
	return x.kind.Class == Graceful || !x.node.BoundedDrain
}

func (x exam) protectedPod() *Pod {
	return x.pod(func(p *Pod) bool { return p.undisruptable(x.now) })
}

func (x exam) nameProtectedPod(r *Refusal) { r.Pod = x.protectedPod().path() }

func (x exam) budgetedPod() *Pod {
	return x.pod(func(p *Pod) bool { return len(p.Blocking) > 0 })
}

func (x exam) nameBudgetedPod(r *Refusal) {
	p := x.budgetedPod()
	r.Pod, r.Budgets = p.path(), p.Blocking
}

// pod returns the first pod that blocks, or nil.
func (x exam) pod(blocks func(*Pod) bool) *Pod {
	if !x.podsBlock() {
		return nil
	}
	for i := range x.node.Pods {
		if p := &x.node.Pods[i]; blocks(p) {
			return p
		}
	}
	return nil
}
