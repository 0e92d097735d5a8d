// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/provider"
)

// CAPI-026: of which type a NodeClaim is, is found by its Machine's name or by the ID.
func TestTypeOf(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	w.Change(md, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(1)) })
	m := w.Machines(md)[0]
	for reason, tc := range map[string]struct {
		annotation, providerID, want string
	}{
		"by name":                {m.Namespace + "/" + m.Name, "", "small"},
		"by ID":                  {"", m.Spec.ProviderID, "small"},
		"the Machine is gone":    {"capi/gone", "", ""},
		"it names no Machine":    {"", "", ""},
		"the name is not a name": {"gone", "", ""},
	} {
		nodeClaim := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "nc"}}
		if tc.annotation != "" {
			nodeClaim.Annotations = map[string]string{v1alpha1.AnnotationMachine: tc.annotation}
		}
		nodeClaim.Status.ProviderID = tc.providerID
		got, err := w.front.CloudProvider.(*provider.Provider).TypeOf(t.Context(), nodeClaim)
		if err != nil || got != tc.want {
			t.Errorf("%s: %q, %v", reason, got, err)
		}
	}
}

// CAPI-026: the type is told although the size of its machines never could be.
func TestTypeOfWithoutSize(t *testing.T) {
	for reason, size := range map[string]string{"malformed": "many", "of a template that cannot be read": ""} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			md := w.deployment("md", "small", "a", instancetype.AnnotationCPU, size)
			w.Change(md, func(d *capi.MachineDeployment) {
				if d.Spec.Replicas = new(int32(1)); size == "" {
					delete(d.Annotations, instancetype.AnnotationCPU)
				}
			})
			nodeClaim := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "nc"}}
			nodeClaim.Status.ProviderID = w.Machines(md)[0].Spec.ProviderID
			got, err := w.front.CloudProvider.(*provider.Provider).TypeOf(t.Context(), nodeClaim)
			if err != nil || got != "small" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// CAPI-026, CAPI-070: while types are held back nobody is told any, and how long a launch
// may take is what was set.
func TestHold(t *testing.T) {
	held := errors.New("not yet")
	p, err := provider.New(provider.Options{Hold: func() error { return held }, LaunchTimeout: 7 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	pool := &karpv1.NodePool{}
	pool.Spec.Template.Spec.NodeClassRef.Name = "default"
	if _, err := p.GetInstanceTypes(t.Context(), pool); !errors.Is(err, held) {
		t.Errorf("got %v", err)
	}
	if got := cloudprovider.LaunchTimeoutOf(p); got != 7*time.Minute {
		t.Errorf("a launch may take %s", got)
	}
}
