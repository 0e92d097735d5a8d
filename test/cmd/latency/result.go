// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"math"
	"time"

	"karpenter.sh/test/internal/meter"
	"karpenter.sh/test/internal/timeline"
)

// Seconds is a duration that JSON shows as a number of seconds.
type Seconds time.Duration

// MarshalJSON rounds to milliseconds.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(math.Round(time.Duration(s).Seconds()*1000) / 1000)
}

// Spread is a distribution of times.
type Spread struct {
	First  Seconds `json:"first"`
	Median Seconds `json:"median"`
	P99    Seconds `json:"p99"`
	Last   Seconds `json:"last"`
}

// Steps are the times of the pods of a part of a case, those of Wait and of nobody
// else from each pod's own creation.
type Steps struct {
	Created Spread `json:"created"`
	Bound   Spread `json:"bound"`
	Running Spread `json:"running"`
	Wait    Spread `json:"wait"`
}

// Controller is what Karpenter's process used.
type Controller struct {
	CPU        Seconds        `json:"cpuSeconds"`
	Cores      float64        `json:"cores"`
	PeakMemory int64          `json:"peakMemoryBytes"`
	Requests   map[string]int `json:"requests"`
}

// Bill is a number of nodes and what they cost.
type Bill struct {
	Nodes int `json:"nodes"`
	// Pods that they were planned for.
	Pods    int     `json:"pods"`
	Dollars float64 `json:"dollarsPerHour"`
}

// Standing is the other part of a case: the same pods on nodes that are there.
type Standing struct {
	Steps
	Controller Controller `json:"controller"`
	// Unfit pods found no room on these nodes and do not count in the times.
	Unfit int `json:"unfit"`
}

// Result is what a case has shown. rows explains the fields.
type Result struct {
	Case string  `json:"case"`
	Pods int     `json:"pods"`
	Over Seconds `json:"overSeconds"`
	// Busy is the share of the machine's processors that was at work just before
	// the case; negative if that is not known.
	Busy       float64    `json:"busyBefore"`
	NodeClaims Spread     `json:"nodeClaims"`
	NodesReady Spread     `json:"nodesReady"`
	NodesOpen  Spread     `json:"nodesOpen"`
	Fresh      Steps      `json:"newNodes"`
	Controller Controller `json:"controller"`
	Standing   Standing   `json:"nodesAlreadyThere"`
	Planned    Bill       `json:"planned"`
	Built      Bill       `json:"built"`
	AtOnce     Bill       `json:"plannedAtOnce"`
	// AtOnceTook is how long the engine thought about all pods at once.
	AtOnceTook Seconds `json:"plannedAtOnceSeconds"`
	Told       int     `json:"told"`
	Agreed     int     `json:"boundWhereTold"`
	Twice      int     `json:"plannedTwice"`
}

// measured is all that was found out about a case.
type measured struct {
	fresh, standing part
	atOnce          atOnce
	daemons         int
}

func resultOf(c Case, m measured) Result {
	view := m.fresh.view
	start := view.Start()
	out := Result{
		Case: c.Name, Pods: c.Pods, Over: Seconds(c.Over), Busy: m.fresh.busy,
		NodeClaims: spreadOf(timeline.Since(start, view.Claims, func(c timeline.Claim) time.Time { return c.Created })),
		NodesReady: spreadOf(timeline.Since(start, view.Nodes, func(n timeline.Node) time.Time { return n.Ready })),
		NodesOpen:  spreadOf(timeline.Since(start, view.Nodes, func(n timeline.Node) time.Time { return n.Open })),
		Fresh:      stepsOf(view), Controller: controllerOf(m.fresh.used), Standing: standingOf(m),
		Planned: Bill(view.Planned()), Built: Bill(view.Built()),
		AtOnce: Bill(m.atOnce.Bill), AtOnceTook: Seconds(m.atOnce.Took),
		Twice: view.All().Pods - m.daemons - len(view.Pods),
	}
	out.Told, out.Agreed = view.Agreement()
	return out
}

// standingOf leaves out the pods that got nodes of their own: they say nothing of
// nodes that are there.
func standingOf(m measured) Standing {
	there := map[string]bool{}
	for _, n := range m.fresh.view.Nodes {
		there[n.Name] = true
	}
	view := m.standing.view.On(func(node string) bool { return there[node] })
	return Standing{
		Steps: stepsOf(view), Controller: controllerOf(m.standing.used),
		Unfit: len(m.standing.view.Pods) - len(view.Pods),
	}
}

func stepsOf(v timeline.View) Steps {
	created := func(p timeline.Pod) time.Time { return p.Created }
	running := func(p timeline.Pod) time.Time { return p.Running }
	return Steps{
		Created: spreadOf(timeline.Since(v.Start(), v.Pods, created)),
		Bound:   spreadOf(timeline.Since(v.Start(), v.Pods, func(p timeline.Pod) time.Time { return p.Bound })),
		Running: spreadOf(timeline.Since(v.Start(), v.Pods, running)),
		Wait:    spreadOf(timeline.Took(v.Pods, created, running)),
	}
}

func controllerOf(r meter.Reading) Controller {
	return Controller{CPU: Seconds(r.CPU), Cores: r.Cores(), PeakMemory: r.PeakMemory, Requests: r.Requests}
}

func spreadOf(s timeline.Spread) Spread {
	return Spread{Seconds(s.First), Seconds(s.Median), Seconds(s.P99), Seconds(s.Last)}
}

func writeJSON(out io.Writer, results []Result) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(results)
}
