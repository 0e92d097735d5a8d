// SPDX-License-Identifier: Apache-2.0

package query_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/query"
)

func text(filters []types.Filter) string {
	var out []string
	for _, f := range filters {
		out = append(out, *f.Name+"="+strings.Join(f.Values, "|"))
	}
	return strings.Join(out, " ")
}

// AWS-130: the fewest queries that terms need.
func TestSelections(t *testing.T) {
	t.Parallel()
	tags := func(kv ...string) map[string]string {
		out := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			out[kv[i]] = kv[i+1]
		}
		return out
	}
	for name, test := range map[string]struct {
		terms []query.Selection
		want  []string
	}{
		"AWS-130 all IDs are one query, each once": {
			terms: []query.Selection{{ID: "b"}, {ID: "a"}, {ID: "b"}}, want: []string{"id=a|b"},
		},
		"AWS-130 all names are one query": {
			terms: []query.Selection{{Name: "y"}, {Name: "x"}}, want: []string{"name=x|y"},
		},
		"AWS-130 each term of tags is one query, its keys ANDed, * being any value": {
			terms: []query.Selection{{Tags: tags("k", "*", "a", "v*")}, {Tags: tags("k", "v")}},
			want:  []string{"tag:a=v* tag-key=k", "tag:k=v"},
		},
		"AWS-130 equal terms are one query": {
			terms: []query.Selection{{Tags: tags("a", "1", "b", "2")}, {Tags: tags("b", "2", "a", "1")}},
			want:  []string{"tag:a=1 tag:b=2"},
		},
		"AWS-013 in a mixed term the ID wins, then the name": {
			terms: []query.Selection{{ID: "a", Name: "n", Tags: tags("k", "v")}, {Name: "n", Tags: tags("k", "v")}},
			want:  []string{"id=a", "name=n"},
		},
		"AWS-130 a term that selects by nothing selects nothing": {terms: []query.Selection{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, filters := range query.Selections(test.terms, query.Names{ID: "id", Name: "name"}) {
				got = append(got, text(filters))
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("queries %q, want %q", got, test.want)
			}
		})
	}
}

// CP-089: results come in the order of the queries, and a failure leaves none.
func TestEach(t *testing.T) {
	t.Parallel()
	meet := make(chan struct{}, 1)
	got, err := query.Each(t.Context(), []int{1, 2}, func(_ context.Context, n int) ([]int, error) {
		if n == 1 {
			<-meet // the other is under way
		} else {
			meet <- struct{}{}
		}
		return []int{n, n * 10}, nil
	})
	if err != nil || fmt.Sprint(got) != "[1 10 2 20]" {
		t.Errorf("got %v, %v", got, err)
	}
	bad := errors.New("down")
	got, err = query.Each(t.Context(), []int{1, 2}, func(_ context.Context, n int) ([]int, error) {
		if n == 2 {
			return nil, bad
		}
		return []int{n}, nil
	})
	if !errors.Is(err, bad) || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// AWS-130: results are deduplicated by ID.
func TestUnique(t *testing.T) {
	t.Parallel()
	items := []string{"b2", "a1", "b1", ""}
	got := query.Unique(items, func(s string) string { return s[:min(len(s), 1)] })
	if fmt.Sprint(got) != "[a1 b2]" || items[0] != "b2" {
		t.Errorf("got %v of %v", got, items)
	}
}

// AWS-148: a key differs with the generation and the terms, not with the order of
// tags, and gives the terms back.
func TestKey(t *testing.T) {
	t.Parallel()
	nodeClass := &v1.EC2NodeClass{}
	nodeClass.UID, nodeClass.Generation = "u", 1
	terms := []v1.SubnetSelectorTerm{{Tags: map[string]string{"a": "1", "b": "2"}}}
	first, err := query.KeyOf(nodeClass, terms)
	if err != nil {
		t.Fatal(err)
	}
	back, err := query.TermsOf[v1.SubnetSelectorTerm](first)
	if err != nil || len(back) != 1 || back[0].Tags["b"] != "2" {
		t.Errorf("the terms are %v, %v", back, err)
	}
	if again, _ := query.KeyOf(nodeClass, back); again != first {
		t.Error("equal terms gave another key")
	}
	nodeClass.Generation = 2
	if next, _ := query.KeyOf(nodeClass, terms); next == first {
		t.Error("another generation gave the same key")
	}
	if _, err := query.TermsOf[v1.SubnetSelectorTerm](query.Key{}); err == nil {
		t.Error("a key without terms was read")
	}
}
