// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// A second start renews credentials, and leaves all else as it is.
func TestPlace(t *testing.T) {
	c := fake.NewClientBuilder().Build()
	for _, value := range []string{"old", "new"} {
		meta := metav1.ObjectMeta{Namespace: "ns", Name: "of-test"}
		for _, object := range []client.Object{
			&corev1.Secret{ObjectMeta: meta, Data: map[string][]byte{"value": []byte(value)}},
			&corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"value": value}},
		} {
			if err := place(t.Context(), c, object); err != nil {
				t.Fatal(err)
			}
		}
	}
	secret, other := &corev1.Secret{}, &corev1.ConfigMap{}
	key := client.ObjectKey{Namespace: "ns", Name: "of-test"}
	for _, object := range []client.Object{secret, other} {
		if err := c.Get(t.Context(), key, object); err != nil {
			t.Fatal(err)
		}
	}
	if string(secret.Data["value"]) != "new" || other.Data["value"] != "old" {
		t.Errorf("the Secret has %q, the other object %q", secret.Data["value"], other.Data["value"])
	}
}
