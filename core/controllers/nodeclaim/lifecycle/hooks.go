// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

// hookRetry is the delay after a hook that asks for a requeue and names none.
const hookRetry = time.Second

// hookOutcome is what the hooks of one attempt answered together.
type hookOutcome struct {
	// pending names the hooks that have not passed or have failed, in their order.
	pending []string
	// retry is the shortest delay that a hook asked for; zero when none did.
	retry time.Duration
	err   error
}

// askHooks runs all hooks at a time, each on a NodeClaim of its own, and adds
// the labels and annotations that they set to the NodeClaim, in the order of the
// hooks (LIF-089, CP-041).
func askHooks(ctx context.Context, hooks []cloudprovider.RegistrationHook, nodeClaim *v1.NodeClaim) hookOutcome {
	answers := make([]hookAnswer, len(hooks))
	var running sync.WaitGroup
	for i, hook := range hooks {
		own := nodeClaim.DeepCopy()
		running.Go(func() {
			result, err := hook.Registered(ctx, own)
			answers[i] = hookAnswer{name: hook.Name(), nodeClaim: own, result: result, err: err}
		})
	}
	running.Wait()
	before := nodeClaim.DeepCopy()
	var outcome hookOutcome
	for _, answer := range answers {
		outcome.add(answer)
		nodeClaim.Labels = withAdditions(nodeClaim.Labels, before.Labels, answer.nodeClaim.Labels)
		nodeClaim.Annotations = withAdditions(nodeClaim.Annotations, before.Annotations, answer.nodeClaim.Annotations)
	}
	return outcome
}

// hookAnswer is what one hook made of its NodeClaim.
type hookAnswer struct {
	name      string
	nodeClaim *v1.NodeClaim
	result    cloudprovider.HookResult
	err       error
}

func (o *hookOutcome) add(a hookAnswer) {
	if a.err != nil {
		o.pending = append(o.pending, a.name)
		o.err = errors.Join(o.err, fmt.Errorf("running registration hook %q: %w", a.name, a.err))
		return
	}
	if a.result.Passed() {
		return
	}
	o.pending = append(o.pending, a.name)
	delay := a.result.RequeueAfter
	if delay <= 0 {
		delay = hookRetry
	}
	if o.retry == 0 || delay < o.retry {
		o.retry = delay
	}
}

// withAdditions returns the entries with those that a hook set to something else
// than it was given.
func withAdditions(entries, given, returned map[string]string) map[string]string {
	for key, value := range returned {
		if old, ok := given[key]; !ok || old != value {
			entries = overlay(entries, map[string]string{key: value})
		}
	}
	return entries
}
