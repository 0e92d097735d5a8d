// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

type term = v1.AMISelectorTerm

// own are images of the account, of Amazon and of others; the newest of an architecture
// has the greatest number.
func own(s *cloudaws.Setup) {
	at := func(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }
	past, future := simtest.Start().Add(-time.Hour), simtest.Start().Add(time.Hour)
	team := map[string]string{"team": "a"}
	s.Images = []cloudaws.Image{
		{ID: "ami-1", Name: "own-1", Arch: "x86_64", Created: at(1), Tags: team},
		{ID: "ami-2", Name: "own-2", Arch: "x86_64", Created: at(2), Tags: team, Deprecated: &future},
		{ID: "ami-3", Name: "own-3", Arch: "x86_64", Created: at(3), Tags: team, Deprecated: &past},
		{ID: "ami-4", Name: "own-arm", Arch: "arm64", Created: at(4), Tags: team},
		{ID: "ami-5", Name: "own-mac", Arch: "x86_64_mac", Created: at(5), Tags: team},
		{ID: "ami-6", Name: "own-2", Arch: "x86_64", Created: at(6), Owner: "444455556666", Tags: team},
		{ID: "ami-7", Name: "own-2", Arch: "arm64", Created: at(2), Owner: "amazon"},
		{ID: "ami-8", Name: "old", Arch: "x86_64", Created: at(1), Deprecated: &past, Tags: map[string]string{"team": "b"}},
		{ID: "ami-9", Name: "old", Arch: "x86_64", Created: at(1), Deprecated: &past, Tags: map[string]string{"team": "b"}},
	}
	s.Parameters = map[string]string{"/own": "ami-1", "/bad": "none", "/empty": ""}
}

// AWS-143, AWS-144: what terms select, by which requests.
func TestTerms(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		terms   []term
		want    []string
		queries []string
		skipped []string
	}{
		"AWS-143 IDs and parameters are one request": {
			terms: []term{{ID: "ami-4"}, {SSMParameter: "/own"}, {ID: "ami-4"}}, want: []string{"own-arm arm64", "own-1 amd64"},
			queries: []string{"image-id=[ami-1 ami-4]"},
		},
		"AWS-143 a parameter by ARN": {
			terms: []term{{SSMParameter: "arn:aws:ssm:us-west-2:111122223333:parameter/own"}}, want: []string{"own-1 amd64"},
			queries: []string{"image-id=[ami-1]"},
		},
		"AWS-143 parameters without an image are skipped": {
			terms: []term{{SSMParameter: "/bad"}, {SSMParameter: "/none"}, {ID: "ami-1"}}, want: []string{"own-1 amd64"},
			queries: []string{"image-id=[ami-1]"},
			skipped: []string{"/bad: its value is not the ID of an image", "/none: it does not exist"},
		},
		"AWS-143 only such parameters": {terms: []term{{SSMParameter: "/none"}}, skipped: []string{"/none: it does not exist"}},
		"AWS-143 a name is looked for with the account and Amazon": {
			terms: []term{{Name: "own-2"}}, want: []string{"own-2 amd64", "own-2 arm64"},
			queries: []string{"name=[own-2] of [self amazon]"},
		},
		"AWS-143 a name with the owner given": {
			terms: []term{{Name: "own*", Owner: "444455556666"}}, want: []string{"own-2 amd64"},
			queries: []string{"name=[own*] of [444455556666]"},
		},
		"AWS-143 tags with anybody; others' architectures are ignored": {
			terms: []term{{Tags: map[string]string{"team": "a"}}}, want: []string{"own-2 amd64", "own-arm arm64"},
			queries: []string{"tag:team=[a]"},
		},
		"AWS-143 tags with an owner": {
			terms: []term{{Tags: map[string]string{"team": "*"}, Owner: "self"}}, want: []string{"own-arm arm64", "own-2 amd64"},
			queries: []string{"tag-key=[team] of [self]"},
		},
		"AWS-143 name and tags are ANDed": {
			terms: []term{{Name: "own*", Tags: map[string]string{"team": "a"}}}, want: []string{"own-arm arm64", "own-2 amd64"},
			queries: []string{"name=[own*] tag:team=[a] of [self amazon]"},
		},
		"AWS-145 deprecated images when nothing else matches; of equal ones the first by ID": {
			terms: []term{{Tags: map[string]string{"team": "b"}}}, want: []string{"old deprecated amd64"},
			queries: []string{"tag:team=[b]"},
		},
		"AWS-143 in a mixed term the ID wins": {
			terms: []term{{ID: "ami-1", SSMParameter: "/none", Name: "x"}}, want: []string{"own-1 amd64"}, queries: []string{"image-id=[ami-1]"},
		},
		"AWS-143 then the parameter": {
			terms: []term{{SSMParameter: "/own", Name: "x", Tags: map[string]string{"a": "b"}}}, want: []string{"own-1 amd64"}, queries: []string{"image-id=[ami-1]"},
		},
		"AWS-013 an owner alone selects nothing": {terms: []term{{Owner: "amazon"}, {}}},
		"AWS-080 no match is an empty list":      {terms: []term{{ID: "ami-0"}}, queries: []string{"image-id=[ami-0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0, own)
			got := w.list(t, nodeClass(test.terms...))
			if test.want == nil {
				test.want = []string{}
			}
			equal(t, "images", showAll(got), test.want)
			equal(t, "queries", w.queries(t), test.queries)
			w.Images.Close()
			if fmt.Sprint(slices.Sorted(slices.Values(w.skipped))) != fmt.Sprint(test.skipped) {
				t.Errorf("skipped %q", w.skipped)
			}
			if strings.Contains(name, "equal ones") && got[0].ID != "ami-8" {
				t.Errorf("got %s", got[0].ID)
			}
		})
	}
}

// AWS-142: values of the user's parameters are kept for five minutes; an error of SSM
// fails the list.
func TestCustomParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, own)
	c := nodeClass(term{SSMParameter: "/own"})
	for minute := range 3 { // that is, before the last quarter of five
		equal(t, fmt.Sprint("minute ", minute), showAll(w.list(t, c)), []string{"own-1 amd64"})
		w.Cloud.PutParameter("/own", "ami-2")
		w.Step(time.Minute)
	}
	if got := w.Calls(getParameter); got != 1 {
		t.Errorf("%d calls within five minutes", got)
	}
	w.Step(2*time.Minute + 1)
	w.Fail(getParameter, "InternalServerError", "")
	if got, err := w.List(t.Context(), c); err == nil {
		t.Errorf("got %v although SSM fails", got)
	}
	w.Heal()
	equal(t, "after five minutes", showAll(w.list(t, c)), []string{"own-2 amd64"})
}

// AWS-143, AWS-300: a version of a parameter that there is not is skipped, not the list.
func TestMissingVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, own)
	w.Fault(`[{"call": "ssm:GetParameter", "match": {"Name": "/own:9"}, "error": {"code": "ParameterVersionNotFound"}}]`)
	equal(t, "images", showAll(w.list(t, nodeClass(term{SSMParameter: "/own:9"}, term{ID: "ami-1"}))), []string{"own-1 amd64"})
	equal(t, "skipped", w.skipped, []string{"/own:9: it does not exist"})
}

// AWS-148: a list is kept per UID and generation for the interval; the caller owns it.
func TestKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Minute, own)
	c := nodeClass(term{Name: "own*"})
	asked := func(want int, why string) {
		t.Helper()
		if got := w.Calls(describeImages); got != want {
			t.Errorf("%d calls, want %d: %s", got, want, why)
		}
	}
	got := w.list(t, c)
	got[0].Requirements[0].Values[0] = "changed"
	w.Step(7 * time.Minute)
	equal(t, "the list that is kept", showAll(w.list(t, c)), []string{"own-arm arm64", "own-2 amd64"})
	asked(1, "it is fresh")
	w.Step(3 * time.Minute)
	w.list(t, c)
	asked(2, "the interval is over")
	c.Generation++
	w.list(t, c)
	asked(3, "the NodeClass changed")
	c.UID = "uid-2"
	w.list(t, c)
	asked(4, "another NodeClass of the name")
	w.Step(10*time.Minute + 1)
	w.Fail(describeImages, "InternalError", "")
	if got, err := w.List(t.Context(), c); err == nil || got != nil || !strings.Contains(err.Error(), "EC2NodeClass default") {
		t.Errorf("AWS-081 got %v, %v", got, err)
	}
}

// AWS-145: an image becomes deprecated with time, and gives way.
func TestDeprecation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, own)
	c := nodeClass(term{Name: "own-?", Owner: "self"})
	equal(t, "before", showAll(w.list(t, c)), []string{"own-2 amd64"})
	w.Step(time.Hour)
	equal(t, "after", showAll(w.list(t, c)), []string{"own-1 amd64"})
}

// CP-089: all pages are read.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, func(s *cloudaws.Setup) {
		s.Images = nil
		for i := range 1001 {
			s.Images = append(s.Images, cloudaws.Image{
				ID: fmt.Sprintf("ami-%04d", i), Name: fmt.Sprintf("own-%04d", i), Arch: "x86_64", Created: simtest.Start(),
			})
		}
	})
	// Of equally old ones the greatest name wins, which is on the last page.
	equal(t, "images", showAll(w.list(t, nodeClass(term{Name: "own-*"}))), []string{"own-1000 amd64"})
	if got := w.Calls(describeImages); got != 2 {
		t.Errorf("%d calls", got)
	}
}
