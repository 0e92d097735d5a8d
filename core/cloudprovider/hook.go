// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"context"
	"time"

	v1 "karpenter.sh/core/apis/v1"
)

// RegistrationHook is a check of the provider that a Node passes before it
// counts as registered (CP-039). Hooks are fast and idempotent; they run in
// parallel on every attempt, each with a NodeClaim of its own to which it may
// add labels and annotations (CP-041).
type RegistrationHook interface {
	// Name is shown to users while the hook is pending.
	Name() string
	// Registered is asked whether registration may complete.
	Registered(ctx context.Context, nodeClaim *v1.NodeClaim) (HookResult, error)
}

// HookResult is the answer of a RegistrationHook. The zero value means passed.
type HookResult struct {
	// Requeue holds registration back; it is tried again soon.
	Requeue bool
	// RequeueAfter, when positive, holds registration back for this long.
	RequeueAfter time.Duration
}

// Passed reports whether the hook lets registration complete.
func (r HookResult) Passed() bool { return !r.Requeue && r.RequeueAfter <= 0 }

// RegistrationHooker is the optional capability of a provider with hooks.
type RegistrationHooker interface {
	// RegistrationHooks lists the hooks in the order they are shown in.
	RegistrationHooks() []RegistrationHook
}

// RegistrationHooks returns the provider's hooks, looking through layers.
func RegistrationHooks(provider CloudProvider) []RegistrationHook {
	if p, ok := capability[RegistrationHooker](provider); ok {
		return p.RegistrationHooks()
	}
	return nil
}
