// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/events"
)

// Reasons of events.
const (
	DisruptionBlocked          = "DisruptionBlocked"
	Unconsolidatable           = "Unconsolidatable"
	DisruptionLaunching        = "DisruptionLaunching"
	DisruptionWaitingReadiness = "DisruptionWaitingReadiness"
	DisruptionTerminating      = "DisruptionTerminating"
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
		e.Reason = DisruptionBlocked
	case disrupt.Unconsolidatable:
		e.Reason, e.DedupeTimeout = Unconsolidatable, unconsolidatableWindow
	default:
		return nil
	}
	e.Message = events.Sentence(r.String())
	return onBoth(b, e, e.Message)
}

// Launching tells that a NodeClaim is a replacement (OPS-194).
func Launching(replacement *v1.NodeClaim, reason disrupt.Reason) events.Event {
	return events.Event{
		Object: replacement, Type: events.Normal, Reason: DisruptionLaunching,
		Message:      fmt.Sprintf("Launched as a replacement: %s", reason),
		DedupeValues: []string{string(replacement.UID), string(reason)},
	}
}

// WaitingReadiness tells that nodes stay until a replacement is in service (OPS-195).
func WaitingReadiness(replacement *v1.NodeClaim) events.Event {
	return events.Event{
		Object: replacement, Type: events.Normal, Reason: DisruptionWaitingReadiness,
		Message:      "Waiting for the replacement to be initialized",
		DedupeValues: []string{string(replacement.UID)},
	}
}

// Terminating tells that a node is being given up (OPS-196).
func Terminating(b Both, reason disrupt.Reason) []events.Event {
	return onBoth(b, events.Event{
		Type: events.Normal, Reason: DisruptionTerminating,
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
		Object: pool, Type: events.Normal, Reason: DisruptionBlocked,
		Message:       fmt.Sprintf("The disruption budgets allow no disruption for reason %s", reason),
		DedupeValues:  []string{string(pool.UID), string(reason)},
		DedupeTimeout: shutBudgetWindow,
	}
}
