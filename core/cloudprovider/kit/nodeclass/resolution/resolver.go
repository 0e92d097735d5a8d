// SPDX-License-Identifier: Apache-2.0

package resolution

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Resolver finds out what a part of a NodeClass means in the cloud.
type Resolver[T status.Object] interface {
	// Condition is the type of the condition that it decides, such as
	// SubnetsReady.
	Condition() string
	// Resolve writes what it found into the status of the NodeClass, which is its
	// own to change, and says what the condition becomes. An error leaves
	// everything as it was and is retried; an outcome beside it is kept (KIT-104).
	Resolve(ctx context.Context, nodeClass T) (Outcome, error)
}

// Outcome is what a condition becomes. The zero Outcome leaves it as it is.
type Outcome struct {
	// Status is True, False or Unknown.
	Status metav1.ConditionStatus
	// Reason is a word in CamelCase; empty stands for the type of the condition.
	Reason string
	// Message is a sentence for users.
	Message string
	// After is when to ask again; 0 leaves that to the other resolvers.
	After time.Duration
}

// True is the outcome of what was found, to be looked at again after a while.
func True(after time.Duration) Outcome {
	return Outcome{Status: metav1.ConditionTrue, After: after}
}

// False is the outcome of what blocks launches.
func False(reason, message string, after time.Duration) Outcome {
	return Outcome{Status: metav1.ConditionFalse, Reason: reason, Message: message, After: after}
}

// Unknown is the outcome of what is not settled yet.
func Unknown(reason, message string, after time.Duration) Outcome {
	return Outcome{Status: metav1.ConditionUnknown, Reason: reason, Message: message, After: after}
}

// Resolved is a NodeClass after all resolvers.
type Resolved[T status.Object] struct {
	// NodeClass is a copy with what was found.
	NodeClass T
	// After is the shortest interval that was asked for; 0 if none was (KIT-107).
	After time.Duration
	// Err joins what the resolvers that failed returned, each naming its
	// condition.
	Err error
}

// Run asks all resolvers in their order, each about what those before it found
// (KIT-104). The NodeClass stays as it is.
func Run[T status.Object](ctx context.Context, nodeClass T, resolvers []Resolver[T], opts ...status.ForOption) Resolved[T] {
	out := Resolved[T]{NodeClass: copyOf(nodeClass)}
	out.NodeClass.StatusConditions(opts...) // those that are missing become Unknown (CP-097)
	var errs []error
	for _, r := range resolvers {
		own := copyOf(out.NodeClass)
		outcome, err := r.Resolve(ctx, own)
		if err != nil {
			errs = append(errs, fmt.Errorf("resolving %s: %w", r.Condition(), err))
		}
		if outcome.Status == "" && err != nil {
			continue
		}
		out.NodeClass = own
		outcome.apply(own.StatusConditions(opts...), r.Condition())
		if outcome.After > 0 && (out.After == 0 || outcome.After < out.After) {
			out.After = outcome.After
		}
	}
	out.Err = errors.Join(errs...)
	return out
}

// apply sets the condition.
func (o Outcome) apply(conditions status.ConditionSet, condition string) {
	if o.Status == "" {
		return
	}
	if o.Reason == "" {
		o.Reason = condition
	}
	conditions.Set(status.Condition{Type: condition, Status: o.Status, Reason: o.Reason, Message: o.Message})
}

func copyOf[T status.Object](nodeClass T) T { return nodeClass.DeepCopyObject().(T) }
