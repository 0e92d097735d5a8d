// SPDX-License-Identifier: Apache-2.0

package expiredtokens_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/core/testkit/strictapi"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/controllers/expiredtokens"
)

// PVE-099: tokens of ours that have expired go, and no others.
func TestCollect(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api := strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).Build())
	add := func(namespace, name, label, expiration string, created time.Time) {
		t.Helper()
		err := api.Create(t.Context(), &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{v1alpha1.LabelBootstrapToken: label}, CreationTimestamp: metav1.NewTime(created)},
			Data:       map[string][]byte{"expiration": []byte(expiration)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add("kube-system", "expired", "true", "2026-01-01T11:59:59Z", now)
	add("kube-system", "good", "true", "2026-01-01T12:00:01Z", now.Add(-2*time.Hour))
	add("kube-system", "unreadable-old", "true", "soon", now.Add(-61*time.Minute))
	add("kube-system", "unreadable-new", "true", "", now.Add(-59*time.Minute))
	add("kube-system", "somebody-elses", "no", "2026-01-01T11:59:59Z", now)
	add("default", "elsewhere", "true", "2026-01-01T11:59:59Z", now)

	c := &expiredtokens.Collector{Live: api, Client: api, Clock: testclock.NewFakePassiveClock(now)}
	for range 2 {
		if err := c.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var left corev1.SecretList
	if err := api.List(t.Context(), &left); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range left.Items {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	if fmt.Sprint(names) != "[elsewhere good somebody-elses unreadable-new]" {
		t.Errorf("got %v", names)
	}
}
