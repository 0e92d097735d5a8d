// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
)

// ReasonDependencies is the reason while other conditions are not settled (CP-102).
const ReasonDependencies = "DependenciesNotReady"

const (
	// Remembered is how long the outcome of a dry run is believed (CP-086).
	Remembered = 30 * time.Minute
	// Recheck is when to look again.
	Recheck = 10 * time.Minute
)

// Verdict is what a check says. The zero Verdict accepts.
type Verdict struct {
	// Reason, in CamelCase, refuses the NodeClass; empty accepts it.
	Reason string
	// Message tells users why, such as the action that is denied.
	Message string
	// Fleeting keeps the outcome of a dry run from being remembered: it may change
	// by itself at any time.
	Fleeting bool
}

// Check judges a NodeClass without changing it. An error means that it could not
// find out, and is retried.
type Check[T status.Object] func(ctx context.Context, nodeClass T) (Verdict, error)

// Options are what a Validator is made of. Clock is required, and Content unless
// DryRun is nil.
type Options[T status.Object] struct {
	// Early checks need nothing but the spec, in their order.
	Early []Check[T]
	// Dependencies are the types of the conditions to wait for.
	Dependencies []string
	// Awaiting is the message while they are not settled; empty stands for one that
	// names them.
	Awaiting string
	// Late checks run once the dependencies are settled, in their order.
	Late []Check[T]
	// DryRun tries a launch; nil switches it off (KIT-127).
	DryRun Check[T]
	// Content tells what a dry run depends on: equal texts have equal outcomes. It
	// covers the spec and what was resolved.
	Content func(T) (string, error)
	// Clock ages what is remembered.
	Clock clock.PassiveClock
}

// Validator is the resolver of ValidationSucceeded.
type Validator[T status.Object] struct {
	opts Options[T]

	mu     sync.Mutex
	memory map[types.UID]memory
}

// memory is the outcome of a dry run.
type memory struct {
	content string
	verdict Verdict
	until   time.Time
}

var _ resolution.Resolver[status.Object] = (*Validator[status.Object])(nil)

// New returns a validator that remembers nothing yet.
func New[T status.Object](o Options[T]) *Validator[T] {
	return &Validator[T]{opts: o, memory: map[types.UID]memory{}}
}

// Condition implements resolution.Resolver.
func (*Validator[T]) Condition() string { return v1.ConditionTypeValidationSucceeded }

// Resolve implements resolution.Resolver (KIT-125).
func (v *Validator[T]) Resolve(ctx context.Context, nodeClass T) (resolution.Outcome, error) {
	if verdict, err := first(ctx, nodeClass, v.opts.Early); err != nil || verdict.Reason != "" {
		return refused(verdict), err
	}
	if outcome, wait := v.await(nodeClass); wait {
		return outcome, nil
	}
	if verdict, err := first(ctx, nodeClass, v.opts.Late); err != nil || verdict.Reason != "" {
		return refused(verdict), err
	}
	verdict, err := v.dryRun(ctx, nodeClass)
	if err != nil || verdict.Reason != "" {
		return refused(verdict), err
	}
	return resolution.True(Recheck), nil
}

// Forget drops what is remembered of a NodeClass that is gone or going. It is
// called from the clean-up of finalization.
func (v *Validator[T]) Forget(uid types.UID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.memory, uid)
}

// first returns the verdict of the first check that refuses or fails.
func first[T status.Object](ctx context.Context, nodeClass T, checks []Check[T]) (Verdict, error) {
	for _, check := range checks {
		if verdict, err := check(ctx, nodeClass); err != nil || verdict.Reason != "" {
			return verdict, err
		}
	}
	return Verdict{}, nil
}

// refused is the outcome of a verdict against the NodeClass; none if it was not
// reached.
func refused(verdict Verdict) resolution.Outcome {
	if verdict.Reason == "" {
		return resolution.Outcome{}
	}
	return resolution.False(verdict.Reason, verdict.Message, Recheck)
}

// await says what to do while dependencies are not settled.
func (v *Validator[T]) await(nodeClass T) (resolution.Outcome, bool) {
	var failed, open bool
	for _, dependency := range v.opts.Dependencies {
		is := conditionOf(nodeClass, dependency)
		failed = failed || is.IsFalse()
		open = open || !is.IsTrue() || is.ObservedGeneration != nodeClass.GetGeneration()
	}
	message := v.opts.Awaiting
	if message == "" {
		message = fmt.Sprintf("Awaiting %v", v.opts.Dependencies)
	}
	switch {
	case failed:
		return resolution.False(ReasonDependencies, message, Recheck), true
	case open:
		return resolution.Unknown(ReasonDependencies, message, Recheck), true
	}
	return resolution.Outcome{}, false
}

// conditionOf reads a condition without adding it.
func conditionOf(nodeClass status.Object, condition string) *status.Condition {
	for _, c := range nodeClass.GetConditions() {
		if c.Type == condition {
			return &c
		}
	}
	return nil
}

// dryRun answers from memory if it can (KIT-126).
func (v *Validator[T]) dryRun(ctx context.Context, nodeClass T) (Verdict, error) {
	if v.opts.DryRun == nil {
		return Verdict{}, nil
	}
	content, err := v.opts.Content(nodeClass)
	if err != nil {
		return Verdict{}, fmt.Errorf("reading what a dry run of NodeClass %s depends on: %w", nodeClass.GetName(), err)
	}
	if known, ok := v.recall(nodeClass.GetUID(), content); ok {
		return known, nil
	}
	verdict, err := v.opts.DryRun(ctx, nodeClass)
	if err != nil {
		return verdict, fmt.Errorf("trying a launch with NodeClass %s: %w", nodeClass.GetName(), err)
	}
	v.remember(nodeClass.GetUID(), content, verdict)
	return verdict, nil
}

func (v *Validator[T]) recall(uid types.UID, content string) (Verdict, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	m, ok := v.memory[uid]
	return m.verdict, ok && m.content == content && v.opts.Clock.Now().Before(m.until)
}

func (v *Validator[T]) remember(uid types.UID, content string, verdict Verdict) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if verdict.Fleeting {
		delete(v.memory, uid)
		return
	}
	v.memory[uid] = memory{content: content, verdict: verdict, until: v.opts.Clock.Now().Add(Remembered)}
}
