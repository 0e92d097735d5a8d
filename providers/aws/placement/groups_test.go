// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/placement"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

const describe = "ec2:DescribePlacementGroups"

// world is an account and who looks at it; stale counts what it was told of old values.
type world struct {
	*simtest.Account
	*placement.Groups
	stale []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Account: simtest.New(t, func(o *simtest.Options) {
		o.Cloud.Setup.PlacementGroups = []cloudaws.PlacementGroup{
			{ID: "pg-1", Name: "near", Strategy: "cluster"},
			{ID: "pg-2", Name: "apart", Strategy: "partition", Partitions: 3},
		}
	})}
	w.Groups = placement.New(placement.Options{
		API: ec2.NewFromConfig(w.Config), Clock: w.Clock,
		Stale: func(selector string, age time.Duration, _ error) {
			w.stale = append(w.stale, fmt.Sprintf("%s %v", selector, age))
		},
	})
	t.Cleanup(w.Groups.Close)
	return w
}

func nodeClass(id, name string) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{}
	c.Name = "default"
	c.Spec.PlacementGroupSelector = &v1.PlacementGroupSelector{}
	if id != "" {
		c.Spec.PlacementGroupSelector.ID = &id
	}
	if name != "" {
		c.Spec.PlacementGroupSelector.Name = &name
	}
	return c
}

func show(g *placement.Group) string {
	if g == nil {
		return "none"
	}
	return fmt.Sprint(*g)
}

// AWS-360: groups are found by ID or name; what is resolved is what is read last.
func TestResolve(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		nodeClass *v1.EC2NodeClass
		want      string
		missing   bool
		calls     int
	}{
		"AWS-360 by ID":                       {nodeClass: nodeClass("pg-1", ""), want: "{pg-1 near cluster 0}", calls: 1},
		"AWS-360 by name":                     {nodeClass: nodeClass("", "apart"), want: "{pg-2 apart partition 3}", calls: 1},
		"AWS-080 no selector is no group":     {nodeClass: &v1.EC2NodeClass{}, want: "none"},
		"AWS-300 an ID that there is not":     {nodeClass: nodeClass("pg-9", ""), want: "none", missing: true, calls: 1},
		"AWS-300 a name that there is not":    {nodeClass: nodeClass("", "none"), want: "none", missing: true, calls: 1},
		"AWS-360 a selector without any keys": {nodeClass: nodeClass("", ""), want: "none", missing: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			selects := test.nodeClass.Spec.PlacementGroupSelector != nil
			if _, known := w.Last(test.nodeClass); known == selects {
				t.Errorf("before it is resolved it is known: %v", known)
			}
			for range 3 {
				got, err := w.Resolve(t.Context(), test.nodeClass)
				if show(got) != test.want || errors.Is(err, placement.ErrNotFound) != test.missing || (err != nil) != test.missing {
					t.Errorf("got %s, %v; want %s", show(got), err, test.want)
				}
			}
			last, known := w.Last(test.nodeClass)
			if show(last) != test.want || known == test.missing {
				t.Errorf("last is %s, known: %v", show(last), known)
			}
			if got := w.Calls(describe); got != test.calls {
				t.Errorf("%d calls, want %d", got, test.calls)
			}
		})
	}
}

// AWS-360: asked for again after a minute; the last one known is used for a day while
// the cloud fails, and that is told once.
func TestOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := nodeClass("pg-1", "")
	if _, err := w.Resolve(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	w.Step(time.Minute)
	if _, err := w.Resolve(t.Context(), c); err != nil || w.Calls(describe) != 2 {
		t.Errorf("%v after %d calls, want 2", err, w.Calls(describe))
	}
	w.Fail(describe, "InternalError", "")
	for _, hours := range []time.Duration{23, 1} {
		w.Step(hours * time.Hour)
		if got, err := w.Resolve(t.Context(), c); show(got) != "{pg-1 near cluster 0}" {
			t.Errorf("during the outage got %s, %v", show(got), err)
		}
		if got, known := w.Last(c); !known || got.ID != "pg-1" {
			t.Errorf("during the outage last is %s, known: %v", show(got), known)
		}
	}
	w.Step(time.Second)
	if got, err := w.Resolve(t.Context(), c); err == nil || errors.Is(err, placement.ErrNotFound) {
		t.Errorf("after a day got %s, %v", show(got), err)
	}
	if got, known := w.Last(c); known {
		t.Errorf("after a day last is %s", show(got))
	}
	w.Heal()
	if got, err := w.Resolve(t.Context(), c); err != nil || show(got) != "{pg-1 near cluster 0}" {
		t.Errorf("after the outage got %s, %v", show(got), err)
	}
	w.Groups.Close() // all is told that is to be told
	if fmt.Sprint(w.stale) != "[pg-1 23h0m0s]" {
		t.Errorf("told %q", w.stale)
	}
}

// AWS-361: a group that is gone is no group, not the one that was.
func TestGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := nodeClass("", "near")
	if _, err := w.Resolve(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	w.Fail(describe, "InvalidPlacementGroup.Unknown", "The Placement Group 'near' is unknown.")
	w.Step(2 * time.Minute)
	if got, err := w.Resolve(t.Context(), c); !errors.Is(err, placement.ErrNotFound) {
		t.Errorf("got %s, %v", show(got), err)
	}
	if got, known := w.Last(c); known {
		t.Errorf("last is %s although it is gone", show(got))
	}
	w.Heal()
	w.Step(time.Minute) // it is there again
	if got, err := w.Resolve(t.Context(), c); err != nil || show(got) != "{pg-1 near cluster 0}" {
		t.Errorf("got %s, %v", show(got), err)
	}
}

// AWS-361: an edit of the selector never reads the group of before.
func TestEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.Resolve(t.Context(), nodeClass("pg-1", "")); err != nil {
		t.Fatal(err)
	}
	if got, known := w.Last(nodeClass("pg-2", "")); known {
		t.Errorf("last is %s", show(got))
	}
	if got := placement.Selector(nodeClass("", "near")) + placement.Selector(nodeClass("pg-1", "")) + placement.Selector(&v1.EC2NodeClass{}); got != "nearpg-1" {
		t.Errorf("selectors are %q", got)
	}
}
