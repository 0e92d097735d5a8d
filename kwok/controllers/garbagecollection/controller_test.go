// SPDX-License-Identifier: Apache-2.0

package garbagecollection_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/kwok/controllers/garbagecollection"
	"karpenter.sh/kwok/provider"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// machine is as old as given.
func machine(id string, age time.Duration) *v1.NodeClaim {
	return &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(now.Add(-age))},
		Status:     v1.NodeClaimStatus{ProviderID: id},
	}
}

// claim is a NodeClaim with a provider ID, which may be empty.
func claim(name, id string) v1.NodeClaim {
	return v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)},
		Status:     v1.NodeClaimStatus{ProviderID: id},
	}
}

// LIF-183, CP-342: which machines are nobody's.
func TestOrphans(t *testing.T) {
	unlaunched := claim("unlaunched", "")
	deleting := claim("deleting", "")
	deleting.DeletionTimestamp = &metav1.Time{Time: now}
	for _, tc := range []struct {
		reason  string
		machine *v1.NodeClaim
		claims  []v1.NodeClaim
		orphan  bool
	}{
		{"KWOK-030: no NodeClaim refers to it", machine("kwok://a", time.Minute), []v1.NodeClaim{claim("b", "kwok://b")}, true},
		{"KWOK-030: a NodeClaim refers to it", machine("kwok://a", time.Minute), []v1.NodeClaim{claim("a", "kwok://a")}, false},
		{"KWOK-030: too young", machine("kwok://a", 30*time.Second), nil, false},
		{"CP-117: its NodeClaim does not know it yet", machine(provider.ProviderID(&unlaunched), time.Minute), []v1.NodeClaim{unlaunched}, false},
		{"CP-117: a NodeClaim under deletion that does not know it", machine(provider.ProviderID(&deleting), time.Minute), []v1.NodeClaim{deleting}, true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := garbagecollection.Rule().Orphans([]*v1.NodeClaim{tc.machine}, tc.claims, now); (len(got) == 1) != tc.orphan {
				t.Errorf("got %d orphans", len(got))
			}
		})
	}
}

// machines records what is deleted.
type machines struct {
	mu      sync.Mutex
	deleted []string
}

func (*machines) List(context.Context) ([]*v1.NodeClaim, error) {
	return []*v1.NodeClaim{machine("kwok://a", time.Hour), machine("kwok://claimed", time.Hour), machine("kwok://b", time.Hour)}, nil
}

func (m *machines) Delete(_ context.Context, nodeClaim *v1.NodeClaim) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deleted = append(m.deleted, nodeClaim.Status.ProviderID)
	return nil
}

func TestReconcile(t *testing.T) { // KWOK-030, CP-117, LIF-183, CP-342
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	claimed := claim("claimed", "kwok://claimed")
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(&claimed).Build()
	m := &machines{}
	controller := garbagecollection.New(garbagecollection.Options{
		Client: api, Live: api, Machines: m, Clock: clocktesting.NewFakePassiveClock(now),
	})
	result, err := controller.Reconcile(t.Context())
	if err != nil || result.RequeueAfter != 2*time.Minute {
		t.Errorf("got %+v, %v", result, err)
	}
	slices.Sort(m.deleted)
	if !slices.Equal(m.deleted, []string{"kwok://a", "kwok://b"}) {
		t.Errorf("deleted %v", m.deleted)
	}
}
