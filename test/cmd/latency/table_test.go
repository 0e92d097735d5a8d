// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/internal/meter"
	"karpenter.sh/test/internal/timeline"
)

var start = time.Unix(1_700_000_000, 0)

// at is a moment so many seconds after the start.
func at(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

// example is a case of three pods: one was bound elsewhere than told, and a second
// node was built for it.
func example() measured {
	var m measured
	m.fresh.view = timeline.View{
		Pods: []timeline.Pod{
			{Created: at(0), Bound: at(3), Running: at(4), Node: "n1", Told: timeline.Destination{NodeClaim: "c1"}},
			{Created: at(1), Bound: at(3), Running: at(4), Node: "n1"},
			{Created: at(2), Bound: at(6), Running: at(7), Node: "n2", Told: timeline.Destination{NodeClaim: "c1"}},
		},
		Claims: []timeline.Claim{
			{Name: "c1", Created: at(1.5), Node: "n1", Pods: 4, Price: 2}, {Name: "c2", Created: at(5), Node: "n2", Pods: 2, Price: 1},
		},
		Nodes: []timeline.Node{{Name: "n1", Ready: at(2), Open: at(2.25)}, {Name: "n2", Ready: at(5.5), Open: at(5.75)}},
	}
	m.fresh.used = meter.Reading{Requests: map[string]int{"POST": 12}, PeakMemory: 100 << 20}
	m.fresh.used.CPU, m.fresh.used.Elapsed, m.fresh.busy = 2*time.Second, 8*time.Second, 0.1
	m.standing.view = timeline.View{Pods: []timeline.Pod{
		{Created: at(100), Bound: at(100.5), Running: at(101), Node: "n1"},
		{Created: at(100), Bound: at(100.5), Running: at(102), Node: "n2"},
		{Created: at(100), Bound: at(108), Running: at(109), Node: "n3"},
	}}
	m.atOnce.Bill = timeline.Bill{Nodes: 1, Dollars: 2.5}
	m.daemons = 2
	return m
}

const want = `times in seconds                   3
  machine busy before, %          10
New nodes
  first NodeClaim               1.50
  nodes ready, first            2.00
  nodes ready, last             5.50
  nodes open, last              5.75
  pods created, last            2.00
  pods bound, median            3.00
  pods bound, p99               6.00
  pods running, median          4.00
  pods running, p99             7.00
  pods running, last            7.00
  from own creation, median     4.00
  from own creation, p99        5.00
The same pods, nodes already there
  pods created, last            0.00
  pods bound, median            0.50
  pods bound, p99               0.50
  pods running, median          1.00
  pods running, p99             2.00
  pods running, last            2.00
  from own creation, median     1.00
  from own creation, p99        2.00
  pods without room                1
Controller, while the pods on new nodes came to run
  CPU                           2.00
  cores, mean                   0.25
  peak memory                100 MiB
  requests, create                12
  requests, update                 0
  requests, patch                  0
  requests, delete                 0
  requests, read                   0
Plans
  nodes planned                    1
  nodes built                      2
  built / planned              2.000
  bill, $/h                     3.00
  bill / planned               1.500
  bill / planned at once       1.200
  pods told where to go            2
  bound where told, %           50.0
  pods planned twice               1
`

func TestTable(t *testing.T) {
	var out strings.Builder
	if err := writeTable(&out, []Result{resultOf(Case{Name: "3", Pods: 3}, example())}); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got:\n%swant:\n%s", out.String(), want)
	}
}

func TestTableHasNoRatioToAPlanOfSomePods(t *testing.T) {
	m := example()
	m.fresh.busy = -1
	m.fresh.view.Claims = nil
	var out strings.Builder
	early := example()
	early.fresh.view.Claims[0].Pods = 2 // the third pod came later
	results := []Result{resultOf(Case{Name: "3-1s", Pods: 3, Over: time.Second}, early), resultOf(Case{Name: "4", Pods: 4}, m)}
	if err := writeTable(&out, results); err != nil {
		t.Fatal(err)
	}
	for label, cells := range map[string][]string{
		"machine busy before, %": {"10", "–"}, "built / planned": {"–", "–"}, "bill / planned": {"–", "–"}, "bill / planned at once": {"1.200", "0.000"},
	} {
		found := false
		for line := range strings.Lines(out.String()) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), label+"  "); ok {
				found = true
				if got := strings.Join(strings.Fields(rest), " "); got != strings.Join(cells, " ") {
					t.Errorf("%s: %q", label, got)
				}
			}
		}
		if !found {
			t.Errorf("no line %q in:\n%s", label, out.String())
		}
	}
}

func TestJSONHasSeconds(t *testing.T) {
	var out strings.Builder
	if err := writeJSON(&out, []Result{resultOf(Case{Name: "3", Pods: 3}, example())}); err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Case  string
		Fresh struct{ Running struct{ Median, P99 float64 } } `json:"newNodes"`
		There struct {
			Bound struct{ Last float64 }
			Unfit int
		} `json:"nodesAlreadyThere"`
		Built struct{ DollarsPerHour float64 }
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Fresh.Running.Median != 4 || got[0].There.Bound.Last != 0.5 || got[0].There.Unfit != 1 || got[0].Built.DollarsPerHour != 3 {
		t.Errorf("got %+v from %s", got, out.String())
	}
}
