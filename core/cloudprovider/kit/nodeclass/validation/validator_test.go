// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/validation"
)

type Class = v1alpha1.TestNodeClass

var errDown = errors.New("the cloud is down")

func nodeClass(conditions ...status.Condition) *Class {
	c := &Class{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid", Generation: 2}}
	c.Status.Conditions = conditions
	return c
}

func condition(name string, is metav1.ConditionStatus, generation int64) status.Condition {
	return status.Condition{Type: name, Status: is, ObservedGeneration: generation}
}

// says is a check that notes that it ran.
func says(name string, verdict validation.Verdict, err error, ran *[]string) validation.Check[*Class] {
	return func(context.Context, *Class) (validation.Verdict, error) {
		*ran = append(*ran, name)
		return verdict, err
	}
}

// KIT-125, CP-102: the first that refuses decides.
func TestOrder(t *testing.T) {
	no := validation.Verdict{Reason: "Refused", Message: "no"}
	yes := validation.Verdict{}
	settled := condition("SubnetsReady", "True", 2)
	for _, tc := range []struct {
		name             string
		early, late, dry validation.Verdict
		dependency       status.Condition
		err              error
		status           metav1.ConditionStatus
		reason, ran      string
	}{
		{"all accept", yes, yes, yes, settled, nil, "True", "", "early late dry"},
		{"an early check refuses before anything is waited for", no, yes, yes, condition("SubnetsReady", "False", 2), nil, "False", "Refused", "early"},
		{"a dependency is False", yes, yes, yes, condition("SubnetsReady", "False", 2), nil, "False", "DependenciesNotReady", "early"},
		{"a dependency is Unknown", yes, yes, yes, condition("SubnetsReady", "Unknown", 2), nil, "Unknown", "DependenciesNotReady", "early"},
		{"a dependency is of an older generation", yes, yes, yes, condition("SubnetsReady", "True", 1), nil, "Unknown", "DependenciesNotReady", "early"},
		{"a dependency is missing", yes, yes, yes, condition("Other", "True", 2), nil, "Unknown", "DependenciesNotReady", "early"},
		{"a late check refuses", yes, no, yes, settled, nil, "False", "Refused", "early late"},
		{"the dry run refuses", yes, yes, no, settled, nil, "False", "Refused", "early late dry"},
		{"the dry run fails: nothing is known", yes, yes, yes, settled, errDown, "", "", "early late dry"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var ran []string
			v := validation.New(validation.Options[*Class]{
				Early:        []validation.Check[*Class]{says("early", tc.early, nil, &ran)},
				Dependencies: []string{"SubnetsReady"},
				Late:         []validation.Check[*Class]{says("late", tc.late, nil, &ran)},
				DryRun:       says("dry", tc.dry, tc.err, &ran),
				Content:      func(*Class) (string, error) { return "same", nil },
				Clock:        clocktesting.NewFakePassiveClock(time.Unix(0, 0)),
			})
			got, err := v.Resolve(t.Context(), nodeClass(tc.dependency))
			if got.Status != tc.status || got.Reason != tc.reason || !errors.Is(err, tc.err) {
				t.Errorf("got %+v, %v", got, err)
			}
			if joined := join(ran); joined != tc.ran {
				t.Errorf("ran %s, want %s", joined, tc.ran)
			}
			if tc.status != "" && got.After != 10*time.Minute {
				t.Errorf("looks again after %v", got.After)
			}
		})
	}
}

func join(names []string) string {
	text := ""
	for i, name := range names {
		if i > 0 {
			text += " "
		}
		text += name
	}
	return text
}

// KIT-126, CP-102
func TestMemory(t *testing.T) {
	clk := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
	content, runs := "a", 0
	verdict, err := validation.Verdict{Reason: "Denied"}, error(nil)
	v := validation.New(validation.Options[*Class]{
		DryRun: func(context.Context, *Class) (validation.Verdict, error) {
			runs++
			return verdict, err
		},
		Content: func(*Class) (string, error) { return content, nil },
		Clock:   clk,
	})
	step := func(reason string, want int) {
		t.Helper()
		runs = 0
		got, gotErr := v.Resolve(t.Context(), nodeClass())
		if runs != want || (gotErr == nil) == (err != nil) || (err == nil && got.Reason != verdict.Reason) {
			t.Errorf("%s: %d runs, want %d; got %+v, %v", reason, runs, want, got, gotErr)
		}
	}
	step("nothing is remembered", 1)
	step("the same content", 0)
	content = "b"
	step("other content", 1)
	clk.SetTime(clk.Now().Add(30*time.Minute - time.Second))
	step("within 30 minutes", 0)
	clk.SetTime(clk.Now().Add(time.Second))
	step("after 30 minutes", 1)
	v.Forget("uid")
	step("after the NodeClass was forgotten", 1)
	v.Forget("uid")
	err = errDown
	step("an error", 1)
	step("an error is not remembered", 1)
	err, verdict.Fleeting = nil, true
	step("what may change by itself", 1)
	step("what may change by itself is not remembered", 1)
}

// KIT-127
func TestDryRunSwitchedOff(t *testing.T) {
	v := validation.New(validation.Options[*Class]{Clock: clocktesting.NewFakePassiveClock(time.Unix(0, 0))})
	if got, err := v.Resolve(t.Context(), nodeClass()); err != nil || got.Status != "True" || v.Condition() != "ValidationSucceeded" {
		t.Errorf("got %+v, %v", got, err)
	}
}
