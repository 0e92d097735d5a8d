// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/apis/lenient"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
)

// partly is a client that cannot read the requests of a NodeClaim.
type partly struct {
	client.Client
	name string
}

// Get implements client.Reader.
func (p partly) Get(ctx context.Context, key client.ObjectKey, object client.Object, opts ...client.GetOption) error {
	err := p.Client.Get(ctx, key, object, opts...)
	if nodeClaim, ok := object.(*v1.NodeClaim); ok && err == nil && key.Name == p.name {
		nodeClaim.Unreadable = []lenient.Problem{{Field: "spec.resources.requests[cpu]", Detail: "cannot be read"}}
	}
	return err
}

// API-177: a NodeClaim of which a part cannot be read is not launched and says
// so; all others are, and one that has launched goes on.
func TestUnreadableIsNotLaunched(t *testing.T) {
	launched, node := joined()
	w := setup(t, fixture.NodeClaim("odd"), fixture.NodeClaim("fine"), launched, node)
	for _, name := range []string{"odd", launched.Name} {
		w.Client = partly{w.Client, name}
	}
	w.restart()
	w.pass("odd")
	if calls := w.Provider.Calls(); len(calls) > 0 {
		t.Errorf("the provider is asked: %v", calls)
	}
	w.expect("odd", v1.ConditionTypeLaunched, "Unknown/NodeClaimUnreadable")
	if got := w.condition("odd", v1.ConditionTypeLaunched).Message; !strings.Contains(got, "spec.resources.requests[cpu]") {
		t.Errorf("the condition says %q", got)
	}
	w.Writes.Reset()
	w.pass("odd")
	if got := w.Writes.Names(); len(got) > 0 {
		t.Errorf("a pass without news wrote %q", got)
	}
	w.pass("fine")
	w.expect("fine", v1.ConditionTypeLaunched, "True/Launched")
	w.pass(launched.Name)
	w.expect(launched.Name, v1.ConditionTypeRegistered, "True/Registered")
	// As any other that does not launch, it is given up.
	w.Clock.Step(6 * time.Minute)
	w.pass("odd")
	if got := w.nodeClaim("odd"); got.DeletionTimestamp.IsZero() {
		t.Error("it is kept for ever")
	}
}
