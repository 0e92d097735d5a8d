// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/events"
)

const (
	unconsolidatableWindow = 15 * time.Minute
	shutBudgetWindow       = time.Minute
)

// Both are the objects of one machine, either of which may be nil.
type Both struct {
	Node      *corev1.Node
	NodeClaim *v1.NodeClaim
}

func (b Both) objects() []client.Object {
	var out []client.Object
	if b.Node != nil {
		out = append(out, b.Node)
	}
	if b.NodeClaim != nil {
		out = append(out, b.NodeClaim)
	}
	return out
}

// Refused tells why a node stays, if users are to be told at all (OPS-188,
// OPS-190).
func Refused(b Both, r disrupt.Refusal) []events.Event {
	e := events.Event{Type: events.Normal}
	switch r.Cause.Report() {
	case disrupt.Blocked:
		e.Reason = events.DisruptionBlocked
	case disrupt.Unconsolidatable:
		e.Reason, e.DedupeTimeout = events.Unconsolidatable, unconsolidatableWindow
	default:
		return nil
	}
	e.Message = events.Sentence(r.String())
	return onBoth(b, e, e.Message)
}

// Candidate tells what consolidation is about to do with a node, with what it saves,
// and when that has made up for it (OPS-191).
func Candidate(b Both, id string, c disrupt.Command) []events.Event {
	return onBoth(b, events.Event{Type: events.Normal, Reason: events.ConsolidationCandidate, Message: describe(b, c)}, commandKey(id, c)...)
}

// Rejected tells that a command of consolidation does not stand any more (OPS-192).
func Rejected(b Both, id string, c disrupt.Command, why disrupt.Refusal) []events.Event {
	token := Token(why.Cause)
	return onBoth(b, events.Event{
		Type: events.Normal, Reason: events.ConsolidationRejected,
		Message: fmt.Sprintf("%s; rejected for %s: %s", describe(b, c), token, why),
	}, append(commandKey(id, c), token)...)
}

// Token is a cause in one word (DIS-105).
func Token(c disrupt.Cause) string {
	switch c {
	case disrupt.OverBudget, disrupt.OverLimit:
		return "budget"
	case disrupt.PodsHomeless, disrupt.NothingCheaper, disrupt.MinValuesBroken, disrupt.SpotToSpotOff, disrupt.FewSpotTypes,
		disrupt.PaysTooLate, disrupt.Unbalanced, disrupt.OtherReplacements:
		return "scheduling"
	case disrupt.PodsUnread:
		return "unknown"
	}
	return "churn"
}

// describe is a command in words, as its nodes are told of it.
func describe(b Both, c disrupt.Command) string {
	name := ""
	switch {
	case b.Node != nil:
		name = b.Node.Name
	case b.NodeClaim != nil:
		name = b.NodeClaim.Name
	}
	text := fmt.Sprintf("%s of node %s", DecisionWith(len(c.Replacements)), name)
	if n := len(c.Nodes); n > 1 {
		text += fmt.Sprintf(" with %d others", n-1)
	}
	text += fmt.Sprintf(", replacements: %d, estimated savings: $%.2f per hour", len(c.Replacements), c.Saving)
	if c.Payback < disrupt.Never {
		text += fmt.Sprintf(", pays back within %s", c.Payback.Round(time.Minute))
	}
	return text
}

// commandKey is what makes a command about a node another one.
func commandKey(id string, c disrupt.Command) []string {
	return append([]string{id, string(c.Kind.Reason), strconv.Itoa(len(c.Replacements))}, c.Nodes...)
}

// ApprovedNode tells that the pool of a node has approved a command (EXT-178).
func ApprovedNode(b Both, scores []disrupt.Score) []events.Event {
	var out []events.Event
	for _, score := range scores {
		out = append(out, onBoth(b, events.Event{Type: events.Normal, Reason: events.ConsolidationApproved, Message: approval(score)})...)
	}
	return out
}

// ApprovedPool tells that a pool has approved a command about several nodes.
func ApprovedPool(pool *v1.NodePool, score disrupt.Score) events.Event {
	return events.Event{
		Object: pool, Type: events.Normal, Reason: events.ConsolidationApproved, Message: approval(score),
		DedupeValues: []string{string(pool.UID)},
	}
}

func approval(s disrupt.Score) string {
	return fmt.Sprintf("score %.2f >= threshold %.2f (k: 2, savings %.1f%%, disruption %.1f%%)",
		s.Value, disrupt.LeastScore, 100*s.Saving, 100*s.Disruption)
}

// Launching tells that a NodeClaim is a replacement (OPS-194).
func Launching(replacement *v1.NodeClaim, reason disrupt.Reason) events.Event {
	return events.Event{
		Object: replacement, Type: events.Normal, Reason: events.DisruptionLaunching,
		Message:      fmt.Sprintf("Launched as a replacement: %s", reason),
		DedupeValues: []string{string(replacement.UID), string(reason)},
	}
}

// WaitingReadiness tells that nodes stay until a replacement is in service (OPS-195).
func WaitingReadiness(replacement *v1.NodeClaim) events.Event {
	return events.Event{
		Object: replacement, Type: events.Normal, Reason: events.DisruptionWaitingReadiness,
		Message:      "Waiting for the replacement to be initialized",
		DedupeValues: []string{string(replacement.UID)},
	}
}

// Terminating tells that a node is being given up (OPS-196).
func Terminating(b Both, reason disrupt.Reason) []events.Event {
	return onBoth(b, events.Event{
		Type: events.Normal, Reason: events.DisruptionTerminating,
		Message: fmt.Sprintf("Disrupting the node: %s", reason),
	}, string(reason))
}

func onBoth(b Both, e events.Event, values ...string) []events.Event {
	var out []events.Event
	for _, o := range b.objects() {
		e.Object, e.DedupeValues = o, append([]string{string(o.GetUID())}, values...)
		out = append(out, e)
	}
	return out
}

// BudgetShut tells that a pool lets none of its nodes go for a reason (OPS-189).
func BudgetShut(pool *v1.NodePool, reason disrupt.Reason) events.Event {
	return events.Event{
		Object: pool, Type: events.Normal, Reason: events.DisruptionBlocked,
		Message:       fmt.Sprintf("The disruption budgets allow no disruption for reason %s", reason),
		DedupeValues:  []string{string(pool.UID), string(reason)},
		DedupeTimeout: shutBudgetWindow,
	}
}
