// SPDX-License-Identifier: Apache-2.0

package living_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/oracle/living/internal/draw"
	"karpenter.sh/test/oracle/living/internal/judge"
	"karpenter.sh/test/oracle/living/internal/play"
	"karpenter.sh/test/oracle/living/internal/scheduling"
)

// How many rounds a world is left alone: to come to rest, and at rest.
const (
	settling = 20
	resting  = 10
)

// Random worlds come to rest, whatever has happened in them.
func TestWorlds(t *testing.T) {
	scheduler := newScheduler(t)
	worlds, lying, launches := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		lies := rapid.IntRange(0, 5).Draw(rt, "lies") == 5
		p := live(t, rt, scheduler, draw.World(rt, lies))
		if lies {
			lying++
			boughtLittle(rt, p)
		} else {
			atRest(t, rt, p, scheduler)
		}
		worlds, launches = worlds+1, launches+len(p.Process.Launches)
	})
	t.Logf("%d worlds, %d of them with a cloud that lies, %d launches", worlds, lying, launches)
}

// atRest checks a world whose cloud tells the truth: everything that can run runs
// in the end, nothing is bought that nobody needs, and nothing is left behind.
func atRest(t *testing.T, rt *rapid.T, p *play.Play, scheduler *scheduling.Scheduler) {
	before := judge.Of(p.World)
	check(rt, p, p.Rounds(resting))
	check(rt, p, before.Moved(p.World))
	check(rt, p, judge.Stranded(t.Context(), p.World, scheduler))
	check(rt, p, judge.Matched(p.World))
	check(rt, p, judge.Room(p.World, scheduler))
	check(rt, p, errors.Join(p.Twice...))
	check(rt, p, p.Empty())
	var pods []client.ObjectKey
	for pod := range p.Pods {
		pods = append(pods, pod)
	}
	check(rt, p, judge.Forgotten(p.World, pods))
}

// boughtLittle checks that, whatever a cloud lies about, no workload buys without
// end.
func boughtLittle(rt *rapid.T, p *play.Play) {
	before := len(p.Process.Launches)
	check(rt, p, p.Rounds(resting))
	if bought := len(p.Process.Launches) - before; bought > handful*len(p.Plan.Workloads) {
		rt.Fatalf("%d launches for %d workloads in %d rounds in which nothing changed:\n%s\n%s\n%s",
			bought, len(p.Plan.Workloads), resting, judge.Launches(p.World, before), judge.Waiting(p.World), p.Plan)
	}
}

// handful is how many nodes a workload may buy in vain while nothing changes.
const handful = 3

// live lets a plan happen, and time pass until it should have come to rest.
func live(t *testing.T, rt *rapid.T, s *scheduling.Scheduler, plan *draw.Plan) *play.Play {
	p, err := play.Begin(t.Context(), s, plan)
	if err != nil {
		rt.Fatalf("%s\n%s", err, plan)
	}
	check(rt, p, p.All())
	p.Restock()
	check(rt, p, p.Rounds(settling))
	return p
}

func check(rt *rapid.T, p *play.Play, err error) {
	if err != nil {
		rt.Fatalf("%s\n%s\n%s", err, judge.Launches(p.World, 0), p.Plan)
	}
}

func newScheduler(t *testing.T) *scheduling.Scheduler {
	t.Helper()
	s, err := scheduling.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
