// SPDX-License-Identifier: Apache-2.0

package claim_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) //nolint:gochecknoglobals // a constant that Go cannot write as one

// machine was made so long after the start.
func machine(name string, after time.Duration, annotations map[string]string) *capi.Machine {
	return &capi.Machine{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ns", Name: name, Annotations: annotations, CreationTimestamp: metav1.NewTime(start.Add(after)),
	}}
}

// CAPI-006
func TestMachineOf(t *testing.T) {
	for value, want := range map[string]types.NamespacedName{
		"ns/m":     {Namespace: "ns", Name: "m"},
		" ns / m ": {Namespace: "ns", Name: "m"},
		"":         {}, "m": {}, "/m": {}, "ns/": {}, " /m": {}, "ns/m/x": {}, "//": {},
	} {
		nodeClaim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "nc", Annotations: map[string]string{v1alpha1.AnnotationMachine: value}}}
		got, named, err := claim.MachineOf(nodeClaim)
		if got != want || named == (want == types.NamespacedName{}) || named == errors.Is(err, claim.ErrNoMachine) {
			t.Errorf("%q: got %v, %t, %v", value, got, named, err)
		}
		if named && claim.Annotation(got) != "ns/m" {
			t.Errorf("written as %q", claim.Annotation(got))
		}
	}
	if _, named, err := claim.MachineOf(&v1.NodeClaim{}); named || err != nil {
		t.Errorf("names none: %t, %v", named, err)
	}
}

// CAPI-005: what is written is read again; what others wrote is nobody's.
func TestClaim(t *testing.T) {
	by := claim.By(&v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "nc", UID: "uid"}})
	m := machine("m", 0, map[string]string{v1alpha1.AnnotationNodeClaim: by.String()})
	if got, claimed := claim.Of(m); got != by || !claimed || by.String() != "nc/uid" {
		t.Errorf("got %v, %t", got, claimed)
	}
	if got, claimed := claim.Of(machine("m", 0, map[string]string{v1alpha1.AnnotationNodeClaim: "odd"})); got.UID != "" || !claimed {
		t.Errorf("got %v, %t", got, claimed)
	}
	if _, claimed := claim.Of(machine("m", 0, nil)); claimed {
		t.Error("claimed by nobody")
	}
}

// CAPI-041, CAPI-056
func TestClaimable(t *testing.T) {
	claimed := map[string]string{v1alpha1.AnnotationNodeClaim: "nc/uid"}
	gone := machine("m", time.Minute, nil)
	gone.DeletionTimestamp = new(metav1.NewTime(start))
	failed := machine("m", time.Minute, nil)
	failed.Status.Phase = "Failed"
	old, young := machine("m", -time.Hour, nil), machine("m", time.Minute, nil)
	for reason, tc := range map[string]struct {
		candidate          claim.Candidate
		claimable, surplus bool
	}{
		"no Node yet":                          {claim.Candidate{Machine: old}, true, true},
		"its Node is not registered":           {claim.Candidate{Machine: old, Node: claim.Unregistered}, true, true},
		"its Node serves, and is older":        {claim.Candidate{Machine: old, Node: claim.Serving}, false, false},
		"its Node serves, and is younger":      {claim.Candidate{Machine: young, Node: claim.Serving}, true, false},
		"its Node serves, and is as old":       {claim.Candidate{Machine: machine("m", 0, nil), Node: claim.Serving}, false, false},
		"it is claimed":                        {claim.Candidate{Machine: machine("m", 0, claimed)}, false, false},
		"it is claimed by nobody who exists":   {claim.Candidate{Machine: machine("m", 0, claimed), Void: true}, true, true},
		"a NodeClaim names it":                 {claim.Candidate{Machine: young, Referenced: true}, false, false},
		"a NodeClaim names it, its claim void": {claim.Candidate{Machine: machine("m", 0, claimed), Void: true, Referenced: true}, false, false},
		"it terminates":                        {claim.Candidate{Machine: gone}, false, false},
		"it failed":                            {claim.Candidate{Machine: failed}, false, false},
		"it is marked":                         {claim.Candidate{Machine: machine("m", 0, map[string]string{capi.AnnotationDelete: ""})}, false, false},
	} {
		if got := tc.candidate.Claimable(start); got != tc.claimable {
			t.Errorf("%s: claimable %t", reason, got)
		}
		if got := tc.candidate.Surplus(); got != tc.surplus {
			t.Errorf("%s: surplus %t", reason, got)
		}
	}
}

// CAPI-040: the oldest first, after those that a roll-out spares.
func TestOrder(t *testing.T) {
	old, young := machine("b", 0, nil), machine("a", time.Second, nil)
	candidates := []claim.Candidate{
		{Machine: machine("d", 0, nil), Current: true}, {Machine: young}, {Machine: machine("c", 0, nil), Current: true}, {Machine: old},
	}
	slices.SortFunc(candidates, claim.Order)
	var got []string
	for _, c := range candidates {
		got = append(got, c.Machine.Name)
	}
	if !slices.Equal(got, []string{"c", "d", "b", "a"}) {
		t.Errorf("got %v", got)
	}
}
