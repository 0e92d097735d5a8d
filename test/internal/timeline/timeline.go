// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/census"
)

// Phase is the label by which a timeline knows its pods: late news of other pods
// must not count.
const Phase = "testing/phase"

// Timeline is what happened since it was made. Safe for concurrent use.
type Timeline struct {
	phase string

	mu     sync.Mutex
	pods   map[types.UID]*Pod
	claims map[string]*Claim
	nodes  map[string]*Node
}

// New returns an empty timeline of the pods of a phase.
func New(phase string) *Timeline {
	return &Timeline{phase: phase, pods: map[types.UID]*Pod{}, claims: map[string]*Claim{}, nodes: map[string]*Node{}}
}

// Pod is what was seen of a pod. A time is zero until the step is seen.
type Pod struct {
	Created, Bound, Running time.Time
	// Node it is bound to.
	Node string
	// Nominated is the node that its status named last before it was bound.
	Nominated string
	// Told is where its last Nominated event sent it.
	Told Destination
}

// Destination names what is known of a node.
type Destination struct{ NodeClaim, Node string }

// Claim is what was seen of a NodeClaim.
type Claim struct {
	Name    string
	Created time.Time
	// Node is the name of its node, once launched.
	Node string
	// Pods are those that it was planned for, with daemons.
	Pods int
	// Price an hour, in dollars, once launched.
	Price float64
}

// Node is what was seen of a node.
type Node struct {
	Name        string
	Ready, Open time.Time
}

// SeePod takes a pod into account as it was at a time.
func (t *Timeline) SeePod(p *corev1.Pod, at time.Time) {
	if p.Labels[Phase] != t.phase {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := entry(t.pods, p.UID)
	first(&seen.Created, at)
	if p.Spec.NodeName == "" {
		if n := p.Status.NominatedNodeName; n != "" {
			seen.Nominated = n
		}
		return
	}
	seen.Node = p.Spec.NodeName
	first(&seen.Bound, at)
	if slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	}) {
		first(&seen.Running, at)
	}
}

// SeeEvent takes an event about a pod into account, also before the pod is seen.
func (t *Timeline) SeeEvent(e *corev1.Event) {
	if e.Reason != "Nominated" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	entry(t.pods, e.InvolvedObject.UID).Told = destination(e.Message)
}

// destination reads "Pod should schedule on: nodeclaim/a, node/b" (SCH-226).
func destination(message string) Destination {
	var out Destination
	for word := range strings.FieldsFuncSeq(message, func(r rune) bool { return r == ' ' || r == ',' }) {
		if name, ok := strings.CutPrefix(word, "nodeclaim/"); ok {
			out.NodeClaim = name
		}
		if name, ok := strings.CutPrefix(word, "node/"); ok {
			out.Node = name
		}
	}
	return out
}

// SeeClaim takes a NodeClaim into account. One that is on its way out when it is
// first seen belongs to an earlier time.
func (t *Timeline) SeeClaim(c *v1.NodeClaim, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.claims[c.Name]; !known && c.DeletionTimestamp != nil {
		return
	}
	seen := entry(t.claims, c.Name)
	seen.Name = c.Name
	first(&seen.Created, at)
	seen.Pods = int(c.Spec.Resources.Requests.Pods().Value())
	if c.Status.NodeName != "" {
		seen.Node = c.Status.NodeName
	}
	if price, err := strconv.ParseFloat(c.Labels[census.PriceLabel], 64); err == nil {
		seen.Price = price
	}
}

// SeeNode takes a node into account. One that is on its way out when it is first
// seen belongs to an earlier time.
func (t *Timeline) SeeNode(n *corev1.Node, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.nodes[n.Name]; !known && n.DeletionTimestamp != nil {
		return
	}
	seen := entry(t.nodes, n.Name)
	seen.Name = n.Name
	if !slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	}) {
		return
	}
	first(&seen.Ready, at)
	if !slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == v1.UnregisteredTaintKey }) {
		first(&seen.Open, at)
	}
}

// entry returns the entry of a key, a new one if there is none.
func entry[K comparable, V any](m map[K]*V, key K) *V {
	if m[key] == nil {
		m[key] = new(V)
	}
	return m[key]
}

// first notes a time unless there is an earlier one.
func first(to *time.Time, at time.Time) {
	if to.IsZero() {
		*to = at
	}
}
