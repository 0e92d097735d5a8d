// SPDX-License-Identifier: Apache-2.0

package cloudprovider_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider"
)

func TestClassOf(t *testing.T) {
	cause := errors.New("cause")
	ice := cloudprovider.NewInsufficientCapacityError(cause)
	notReady := cloudprovider.NewNodeClassNotReadyError(cause)
	create := cloudprovider.NewCreateError(cause, "SomeReason", "some message")
	for _, tc := range []struct {
		reason string
		err    error
		want   cloudprovider.ErrorClass
	}{
		{"CP-042: no error", nil, cloudprovider.ClassOther},
		{"CP-042: unclassified", cause, cloudprovider.ClassOther},
		{"CP-042: through any depth", fmt.Errorf("a: %w", fmt.Errorf("b: %w", ice)), cloudprovider.ClassInsufficientCapacity},
		{"CP-042: through a join", errors.Join(cause, notReady), cloudprovider.ClassNodeClassNotReady},
		{"CP-042: capacity before readiness", cloudprovider.NewNodeClassNotReadyError(ice), cloudprovider.ClassInsufficientCapacity},
		{"CP-042: readiness before create", cloudprovider.NewCreateError(notReady, "R", ""), cloudprovider.ClassNodeClassNotReady},
		{"CP-042: create", create, cloudprovider.ClassCreateError},
		{"CP-042: not found", cloudprovider.NewNodeClaimNotFoundError(cause), cloudprovider.ClassNodeClaimNotFound},
		{"CP-042: unevaluated", &cloudprovider.UnevaluatedNodePoolError{NodePool: "p"}, cloudprovider.ClassUnevaluatedNodePool},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := cloudprovider.ClassOf(tc.err); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
	for _, err := range []error{ice, notReady, create, cloudprovider.NewNodeClaimNotFoundError(cause)} {
		if !errors.Is(err, cause) { // CP-042: the cause stays reachable
			t.Errorf("%T hides its cause", err)
		}
	}
	if found, ok := cloudprovider.AsCreateError(fmt.Errorf("a: %w", create)); !ok || found.Reason != "SomeReason" || found.Message != "some message" {
		t.Errorf("got %+v", found)
	}
	if cloudprovider.IgnoreNodeClaimNotFoundError(cloudprovider.NewNodeClaimNotFoundError(cause)) != nil ||
		cloudprovider.IgnoreNodeClaimNotFoundError(ice) == nil {
		t.Error("only not found is ignored")
	}
}

func TestErrorTexts(t *testing.T) { // CP-042
	cause := errors.New("cause")
	for want, err := range map[string]error{
		"insufficient capacity, cause":        cloudprovider.NewInsufficientCapacityError(cause),
		"NodeClassRef not ready, cause":       cloudprovider.NewNodeClassNotReadyError(cause),
		"creating nodeclaim, cause":           cloudprovider.NewCreateError(cause, "R", "m"),
		"nodeclaim not found, cause":          cloudprovider.NewNodeClaimNotFoundError(cause),
		`nodepool "p" is awaiting evaluation`: &cloudprovider.UnevaluatedNodePoolError{NodePool: "p"},
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

func TestNewCreateError(t *testing.T) {
	cause := errors.New("cause")
	for _, tc := range []struct {
		why, reason, message, wantReason, wantMessage string
	}{
		{"CP-043: 1,200 bytes stay", "R", strings.Repeat("x", 1200), "R", strings.Repeat("x", 1200)},
		{"CP-043: more is cut", "R", strings.Repeat("x", 1201), "R", strings.Repeat("x", 1200) + "..."},
		{"CP-043: not within a character", "R", strings.Repeat("x", 1199) + "é", "R", strings.Repeat("x", 1199) + "..."},
		{"CP-043: a reason no condition holds", "not a reason", "m", "LaunchFailed", "m"},
		{"CP-043: an empty reason", "", "m", "LaunchFailed", "m"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			got := cloudprovider.NewCreateError(cause, tc.reason, tc.message)
			if got.Reason != tc.wantReason || got.Message != tc.wantMessage {
				t.Errorf("got %q, %d bytes", got.Reason, len(got.Message))
			}
		})
	}
}
