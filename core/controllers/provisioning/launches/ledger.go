// SPDX-License-Identifier: Apache-2.0

package launches

import (
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// Settle is how long a pod has to be on a node for the launch to have been of
	// use. One that is preempted or rejected goes sooner.
	Settle = time.Minute
	// grace is how long a ready node may stand empty before its launch was in
	// vain: the scheduler tries pods again after ten seconds at most.
	grace = 30 * time.Second
	// chance is how many times others may take the place of a workload's pods
	// before that counts like a launch in vain.
	chance = 2
	// firstDelay, growth and maxDelay make the waits of a workload that launches
	// in vain: 15 s, 75 s, 6 min, half an hour. So there are five launches in the
	// first hour.
	firstDelay = 15 * time.Second
	growth     = 5
	maxDelay   = 30 * time.Minute
	// remembered is how long a launch in vain counts.
	remembered = 6 * time.Hour
	// openFor bounds how long a launch is followed.
	openFor = 2 * time.Hour
)

// Workload is who a pod belongs to, see [WorkloadOf].
type Workload string

// Pod is a pod as far as launches are concerned.
type Pod struct {
	types.NamespacedName
	UID      types.UID
	Workload Workload
}

// Pool is a NodePool in one revision of its spec: a changed one is tried anew.
type Pool struct {
	Name       string
	Generation int64
}

// Launch is a NodeClaim that was created for pods.
type Launch struct {
	NodeClaim string
	Pool      Pool
	Pods      []Pod
}

// Node is what is known of a launch's node.
type Node struct {
	// Name of the Node; empty while there is none.
	Name string
	// Launched: there is or was a machine.
	Launched bool
	// Gone: NodeClaim or Node are gone or on their way out.
	Gone bool
	// Ready nodes are initialized, Overdue ones should be by now and wait for
	// what Blocker says.
	Ready, Overdue bool
	Blocker        string
	// Occupied: pods other than daemons are there. Settled are those of them that
	// have been there for a while.
	Occupied bool
	Settled  []Pod
	// Served: pods have settled there, or run to their end, and are gone.
	Served bool
}

// Verdict is a launch that was in vain for a workload.
type Verdict struct {
	NodeClaim, Node string
	Pool            Pool
	Workload        Workload
	// Pod is one that is without a place: the one that the node was launched for,
	// or its successor.
	Pod types.UID
	// Why is what happened, with the words of the scheduler.
	Why string
}

// Ledger is what was launched for whom, and how that went. The zero Ledger is not
// ready: use [NewLedger]. One goroutine uses it.
type Ledger struct {
	open  map[string]*open
	tries map[attempt]*tally
	total map[Workload]*tally
}

type open struct {
	Launch
	at       time.Time
	empty    time.Time // since when the node is ready and empty
	launched bool
	occupied bool
	node     string
	// missing are the workloads of which pods that the launch was for are gone:
	// others of them may be their successors.
	missing map[Workload]bool
}

type attempt struct {
	workload Workload
	pool     Pool
}

// tally is how often in a row launches were in vain.
type tally struct {
	vain, taken int
	last        time.Time
	why         string
}

// NewLedger returns a Ledger without launches.
func NewLedger() *Ledger {
	return &Ledger{open: map[string]*open{}, tries: map[attempt]*tally{}, total: map[Workload]*tally{}}
}

// Launched opens a launch.
func (l *Ledger) Launched(launch Launch, now time.Time) {
	l.open[launch.NodeClaim] = &open{Launch: launch, at: now}
}

// Open reports whether there is any launch to judge.
func (l *Ledger) Open() bool { return len(l.open) > 0 }

// World answers what a judgement needs to know.
type World interface {
	// Node is what became of the NodeClaim of a launch.
	Node(nodeClaim string) Node
	// Runs reports whether a pod is on a node.
	Runs(pod Pod) bool
	// Waits returns a pod without a place: this one, or else if it is gone one of
	// its workload. Says are the words of the scheduler about it.
	Waits(pod Pod) (uid types.UID, says string, ok bool)
}

// Judge closes the launches of which can be said how they went, and returns those
// that were in vain.
func (l *Ledger) Judge(now time.Time, w World) []Verdict {
	var out []Verdict
	for _, name := range slices.Sorted(maps.Keys(l.open)) {
		o := l.open[name]
		o.miss(w)
		why, done := o.judge(now, w.Node(name))
		if !done && now.Sub(o.at) < openFor {
			continue
		}
		delete(l.open, name)
		if done {
			out = append(out, l.settle(o, now, w, why)...)
		}
	}
	l.forget(now)
	return out
}

// miss notes of which workloads pods are gone.
func (o *open) miss(w World) {
	o.missing = map[Workload]bool{}
	for _, pod := range o.Pods {
		if o.missing[pod.Workload] || w.Runs(pod) {
			continue
		}
		if uid, _, waits := w.Waits(pod); !waits || uid != pod.UID {
			o.missing[pod.Workload] = true
		}
	}
}

// outcome is how a launch went.
type outcome struct {
	// vain says what was wrong with the node; empty if it was of use.
	vain string
	// used are pods that have settled.
	used []Pod
}

// judge says how a launch went, if that can be said; the first that applies.
func (o *open) judge(now time.Time, n Node) (outcome, bool) {
	o.launched = o.launched || n.Launched
	if n.Name != "" {
		o.node = n.Name
	}
	o.occupied = n.Occupied
	if n.Occupied || !n.Ready {
		o.empty = time.Time{}
	} else if o.empty.IsZero() {
		o.empty = now
	}
	switch {
	case n.Gone && !o.launched: // nothing was bought
		return outcome{}, true
	case len(n.Settled) > 0:
		return outcome{used: n.Settled}, true
	case n.Served:
		return outcome{}, true
	case n.Gone:
		return outcome{vain: "went before the pod ran there"}, true
	case n.Overdue:
		return outcome{vain: "does not get ready: " + n.Blocker}, true
	case !o.empty.IsZero() && now.Sub(o.empty) >= grace:
		return outcome{vain: "does not hold it"}, true
	}
	return outcome{}, false
}

// settle draws the consequences for each workload of a launch that is closed.
func (l *Ledger) settle(o *open, now time.Time, w World, how outcome) (out []Verdict) {
	for _, pod := range how.used {
		if slices.ContainsFunc(o.Pods, func(p Pod) bool { return p.Workload == pod.Workload }) {
			l.forgive(pod.Workload)
		}
	}
	judged := map[Workload]bool{}
	for _, pod := range o.Pods {
		if judged[pod.Workload] || w.Runs(pod) {
			continue
		}
		uid, says, waits := w.Waits(pod)
		if !waits || how.vain == "" && (len(how.used) == 0 || uid != pod.UID) {
			continue
		}
		judged[pod.Workload] = true
		v := Verdict{NodeClaim: o.NodeClaim, Node: o.node, Pool: o.Pool, Workload: pod.Workload, Pod: uid, Why: sentence(how.vain, says)}
		if l.fail(v, now, how.vain == "") {
			out = append(out, v)
		}
	}
	return out
}

func sentence(vain, says string) string {
	if vain == "" {
		vain = "is full of other pods"
	}
	if says == "" {
		return vain
	}
	return vain + "; the scheduler says: " + says
}

// fail counts a launch in vain and reports whether it has consequences: that
// others took the place may be chance.
func (l *Ledger) fail(v Verdict, now time.Time, taken bool) bool {
	key := attempt{v.Workload, v.Pool}
	if l.tries[key] == nil {
		l.tries[key] = &tally{}
	}
	if l.total[v.Workload] == nil {
		l.total[v.Workload] = &tally{}
	}
	try, all := l.tries[key], l.total[v.Workload]
	try.last, all.last = now, now
	if taken {
		if try.taken++; try.taken <= chance {
			return false
		}
	}
	try.vain++
	all.vain++
	o := open{Launch: Launch{NodeClaim: v.NodeClaim}, node: v.Node}
	try.why = o.name() + " was launched for this pod and " + v.Why
	return true
}

// forgive begins anew with a workload whose pods have settled on a node that was
// launched for them.
func (l *Ledger) forgive(w Workload) {
	delete(l.total, w)
	maps.DeleteFunc(l.tries, func(a attempt, _ *tally) bool { return a.workload == w })
}

func (l *Ledger) forget(now time.Time) {
	maps.DeleteFunc(l.total, func(_ Workload, t *tally) bool { return now.Sub(t.last) >= remembered })
	maps.DeleteFunc(l.tries, func(_ attempt, t *tally) bool { return now.Sub(t.last) >= remembered })
}

// Wait returns until when nothing is launched for a workload in a pool, and why.
// After one launch in vain other pools may try at once; after more, the workload
// waits wherever it may go.
func (l *Ledger) Wait(w Workload, pool Pool, now time.Time) (until time.Time, why string, waits bool) {
	all := l.total[w]
	if all == nil || all.vain == 0 {
		return time.Time{}, "", false
	}
	try := l.tries[attempt{w, pool}]
	if try != nil && try.vain > 0 {
		until, why = try.last.Add(delay(try.vain)), try.why
	} else {
		why = "nodes of other nodepools, or of this one as it was, were launched for this pod in vain"
	}
	if all.vain > 1 {
		if later := all.last.Add(delay(all.vain)); later.After(until) {
			until = later
		}
	}
	return until, why, now.Before(until)
}

// Expected is who should get a node that was launched and not judged yet.
type Expected struct {
	pods      map[types.UID]string // nodes
	workloads map[Workload]string
}

// Expected returns who should wait for a launch to be judged rather than cause
// another one, as of the last judgement: the pods of a launch from the moment when
// its Node is there until others are on it; and while the node stands ready and empty
// all of a workload of which pods of the launch are gone, as these have successors.
func (l *Ledger) Expected() Expected {
	e := Expected{pods: map[types.UID]string{}, workloads: map[Workload]string{}}
	for _, o := range l.open {
		if o.node == "" || o.occupied {
			continue
		}
		for _, p := range o.Pods {
			e.pods[p.UID] = "node " + o.node
			if !o.empty.IsZero() && o.missing[p.Workload] {
				e.workloads[p.Workload] = "node " + o.node
			}
		}
	}
	return e
}

// At returns the node where a pod is expected; empty if there is none.
func (e Expected) At(pod Pod) string {
	if node := e.pods[pod.UID]; node != "" {
		return node
	}
	return e.workloads[pod.Workload]
}

// name is what is known of a launch's node.
func (o *open) name() string {
	if o.node != "" {
		return "node " + o.node
	}
	return "the node of nodeclaim " + o.NodeClaim
}

// delay is the wait after n launches in vain, n at least 1.
func delay(n int) time.Duration {
	d := firstDelay
	for range n - 1 {
		if d *= growth; d >= maxDelay {
			return maxDelay
		}
	}
	return d
}
