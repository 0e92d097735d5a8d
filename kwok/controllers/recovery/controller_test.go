// SPDX-License-Identifier: Apache-2.0

package recovery_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/awslabs/operatorpkg/status"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/kwok/controllers/recovery"
)

var launchTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// claim has the conditions given, set at launchTime.
func claim(name, id string, conditions ...string) *v1.NodeClaim {
	nodeClaim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: v1.NodeClaimStatus{ProviderID: id}}
	set := nodeClaim.StatusConditions(status.WithClock(clocktesting.NewFakeClock(launchTime)))
	for _, c := range conditions {
		set.SetTrue(c)
	}
	return nodeClaim
}

func TestUnfinished(t *testing.T) {
	deleting := claim("deleting", "kwok://n", v1.ConditionTypeLaunched)
	deleting.DeletionTimestamp = &metav1.Time{Time: launchTime}
	for _, tc := range []struct {
		reason string
		claim  *v1.NodeClaim
		want   bool
	}{
		{"KWOK-031: launched and unregistered", claim("a", "kwok://n", v1.ConditionTypeLaunched), true},
		{"KWOK-031: not launched", claim("a", "kwok://n"), false},
		{"KWOK-031: registered", claim("a", "kwok://n", v1.ConditionTypeLaunched, v1.ConditionTypeRegistered), false},
		{"KWOK-031: of another provider", claim("a", "aws:///z/i", v1.ConditionTypeLaunched), false},
		{"KWOK-031: under deletion", deleting, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			launched, got := recovery.Unfinished(tc.claim)
			if got != tc.want || (got && !launched.Equal(launchTime)) {
				t.Errorf("got %t, %s", got, launched)
			}
		})
	}
}

type resumer struct {
	resumed []string
	err     error
}

func (r *resumer) Resume(_ context.Context, nodeClaim *v1.NodeClaim, launched time.Time) error {
	r.resumed = append(r.resumed, nodeClaim.Name)
	if !launched.Equal(launchTime) {
		return errors.New("another launch time")
	}
	return r.err
}

func TestReconcile(t *testing.T) { // KWOK-031
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		claim("without-node", "kwok://none", v1.ConditionTypeLaunched),
		claim("with-node", "kwok://node", v1.ConditionTypeLaunched),
		claim("registered", "kwok://gone", v1.ConditionTypeLaunched, v1.ConditionTypeRegistered),
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node"}},
	).Build()
	r := &resumer{}
	result, err := (&recovery.Controller{Client: api, Resumer: r}).Reconcile(t.Context())
	if err != nil || result.RequeueAfter != 0 {
		t.Errorf("got %+v, %v", result, err)
	}
	if !slices.Equal(r.resumed, []string{"without-node"}) {
		t.Errorf("resumed %v", r.resumed)
	}
	r.err = errors.New("failed")
	if _, err := (&recovery.Controller{Client: api, Resumer: r}).Reconcile(t.Context()); !errors.Is(err, r.err) {
		t.Errorf("got %v, want to be asked again", err)
	}
}
