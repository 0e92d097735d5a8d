// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "karpenter.sh/core/apis/v1alpha1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/kwok/apis/crds"
	"karpenter.sh/kwok/apis/v1alpha1"
)

// server starts an API server with all CRDs.
func server(t *testing.T) client.Client {
	t.Helper()
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	return testserver.Client(t, testserver.Start(t, definitions...).Config, v1.AddToScheme, corev1alpha1.AddToScheme, v1alpha1.AddToScheme)
}

func TestAdmission(t *testing.T) {
	api := server(t)
	t.Run("KWOK-003 a NodeClass is born ready", func(t *testing.T) { bornReady(t, api) })
	t.Run("KWOK-002 nodeRegistrationDelay", func(t *testing.T) { registrationDelay(t, api) })
	t.Run("KWOK-004 restricted domain", func(t *testing.T) { restrictedDomain(t, api) })
}

func bornReady(t *testing.T, api client.Client) {
	nodeClass := &v1alpha1.KWOKNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "ready"}}
	if err := api.Create(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(nodeClass), nodeClass); err != nil {
		t.Fatal(err)
	}
	if len(nodeClass.Status.Conditions) != 1 {
		t.Fatalf("conditions %+v", nodeClass.Status.Conditions)
	}
	c := nodeClass.Status.Conditions[0]
	if c.Type != "Ready" || c.Status != "True" || c.Reason != "Ready" || c.Message != "" ||
		c.LastTransitionTime.UTC().Format("2006-01-02T15:04:05Z") != "2024-01-01T01:01:01Z" {
		t.Errorf("got %+v", c)
	}
	nodeClass.Status.Conditions[0].Status = "False" // KWOK-038
	nodeClass.Status.Conditions[0].Message = "made unready"
	if err := api.Status().Update(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(nodeClass), nodeClass); err != nil || nodeClass.Status.Conditions[0].Status != "False" {
		t.Errorf("got %+v, %v", nodeClass.Status.Conditions, err)
	}
}

func registrationDelay(t *testing.T, api client.Client) {
	for delay, admitted := range map[string]bool{
		"0s": true, "90s": true, "1h30m": true, "30m1h": true,
		"1.5m": false, "100ms": false, "-1s": false, "1d": false, "soon": false,
	} {
		nodeClass := &v1alpha1.KWOKNodeClass{ObjectMeta: metav1.ObjectMeta{GenerateName: "delay-"}}
		nodeClass.Spec.NodeRegistrationDelay = delay
		err := api.Create(t.Context(), nodeClass)
		if admitted != (err == nil) || (err != nil && !apierrors.IsInvalid(err)) {
			t.Errorf("%q: %v", delay, err)
		}
		if _, err := nodeClass.RegistrationDelay(); admitted && err != nil {
			t.Errorf("%q is admitted, but %v", delay, err)
		}
	}
}

func restrictedDomain(t *testing.T, api client.Client) {
	const message = `label domain "karpenter.kwok.sh" is restricted`
	for key, admitted := range map[string]bool{
		"karpenter.kwok.sh/instance-size":   true,
		"karpenter.kwok.sh/instance-family": true,
		"karpenter.kwok.sh/instance-cpu":    true,
		"karpenter.kwok.sh/instance-memory": true,
		"karpenter.kwok.sh/kwoknodeclass":   true,
		"karpenter.kwok.sh/reservation-id":  true, // KWOK-008
		"karpenter.kwok.sh/other":           false,
		"sub.karpenter.kwok.sh/x":           false,
		"notkarpenter.kwok.sh/x":            true,
		"example.com/team":                  true,
	} {
		ref := v1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"}
		requirements := []v1.NodeSelectorRequirementWithMinValues{{Key: key, Operator: v1.OperatorExists}}
		generated := metav1.ObjectMeta{GenerateName: "test-"}
		asked := &v1.NodePool{ObjectMeta: generated}
		asked.Spec.Template.Spec = v1.NodeClaimTemplateSpec{NodeClassRef: ref, Requirements: requirements}
		labelled := &v1.NodePool{ObjectMeta: generated}
		labelled.Spec.Template.Spec = v1.NodeClaimTemplateSpec{NodeClassRef: ref, Requirements: requirements[:0]}
		labelled.Spec.Template.ObjectMeta.Labels = map[string]string{key: "x"}
		for what, object := range map[string]client.Object{
			"NodePool requirement":  asked,
			"NodePool label":        labelled, // API-174
			"NodeClaim requirement": &v1.NodeClaim{ObjectMeta: generated, Spec: v1.NodeClaimSpec{NodeClassRef: ref, Requirements: requirements}},
			"NodeOverlay requirement": &corev1alpha1.NodeOverlay{ObjectMeta: generated, Spec: corev1alpha1.NodeOverlaySpec{
				Requirements: []corev1alpha1.NodeSelectorRequirement{{Key: key, Operator: v1.OperatorExists}},
			}},
		} {
			err := api.Create(t.Context(), object)
			if admitted != (err == nil) || (err != nil && !strings.Contains(err.Error(), message)) {
				t.Errorf("%s %s: %v", what, key, err)
			}
		}
	}
}

func TestNames(t *testing.T) { // KWOK-001
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range definitions {
		names = append(names, d.Name)
		if d.Name != "kwoknodeclasses.karpenter.kwok.sh" {
			continue
		}
		version := d.Spec.Versions[0]
		if d.Spec.Names.Plural != "kwoknodeclasses" || !slices.Equal(d.Spec.Names.ShortNames, []string{"kwoknc", "kwokncs"}) ||
			!slices.Equal(d.Spec.Names.Categories, []string{"karpenter"}) || d.Spec.Scope != "Cluster" ||
			len(d.Spec.Versions) != 1 || version.Name != "v1alpha1" || !version.Served || !version.Storage || version.Subresources.Status == nil {
			t.Errorf("got %+v", d.Spec)
		}
	}
	slices.Sort(names)
	want := []string{"kwoknodeclasses.karpenter.kwok.sh", "nodeclaims.karpenter.sh", "nodeoverlays.karpenter.sh", "nodepools.karpenter.sh"}
	if !slices.Equal(names, want) {
		t.Errorf("CRDs %v", names)
	}
	if files, err := fs.Glob(crds.Files(), "*.yaml"); err != nil || len(files) != len(want) {
		t.Errorf("files %v, %v", files, err)
	}
}
