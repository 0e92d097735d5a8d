// SPDX-License-Identifier: Apache-2.0

package replicas

import (
	"slices"
	"strings"
)

// Count is what there is of a deployment.
type Count struct {
	// Replicas that are wanted.
	Replicas int32
	// Limit is the most replicas that its owner allows, if Limited.
	Limit   int32
	Limited bool
	// Surge is how many Machines beyond the replicas a roll-out explains.
	Surge int32
	// Machines that the replicas count: those that terminate or are recorded as going
	// are none of them.
	Machines int
	// Claimable are those of them that may be taken.
	Claimable int
	// Sets are the MachineSets of the deployment.
	Sets []Set
	// Unseen is by how much the replicas were raised since Cluster API looked at them.
	Unseen int
	// Observed says that Cluster API has seen the replicas.
	Observed bool
}

// Set is a MachineSet.
type Set struct {
	// Replicas that it is to keep.
	Replicas int32
	// Machines that it has and that do not terminate, those on record included.
	Machines int
}

// Raise is what becomes of those who wait for a Machine.
type Raise struct {
	// By is what to add to the replicas.
	By int32
	// Refused is how many will get none, since the deployment may not grow.
	Refused int
}

// Raise returns what so many who wait need: none for a Machine that may be taken or is
// owed (CAPI-036), and none beyond the limit (CAPI-037) or of a deployment that runs away
// (CAPI-120).
func (c Count) Raise(waiting int) Raise {
	short := max(0, waiting-c.Claimable-c.owed())
	by := min(short, c.room())
	return Raise{By: int32(by), Refused: short - by}
}

// owed is how many Machines are still to appear without anything being raised. In a
// roll-out there are more Machines than replicas, so that those alone would not tell: what
// the sets lack does, and until Cluster API has looked, what was asked of it.
func (c Count) owed() int {
	lacking := 0
	for _, s := range c.Sets {
		lacking += max(0, int(s.Replicas)-s.Machines)
	}
	return max(0, int(c.Replicas)-c.Machines, lacking, c.Unseen)
}

// room is by how much the replicas may be raised.
func (c Count) room() int {
	const most = 1<<31 - 1
	limit := most
	if c.Limited {
		limit = int(c.Limit)
	}
	if c.RunsAway() {
		return 0
	}
	return max(0, limit-int(c.Replicas))
}

// RunsAway reports whether there are more Machines than replicas and a roll-out explain,
// although Cluster API has seen the replicas: it does not do what it is told, and raising
// them would buy more still (CAPI-120).
func (c Count) RunsAway() bool { return c.Observed && c.Outnumbered() }

// Outnumbered reports whether there are more Machines than replicas and a roll-out explain,
// whether or not Cluster API has seen the replicas.
func (c Count) Outnumbered() bool { return c.Machines > int(c.Replicas)+int(c.Surge) }

// Lowered is what becomes of a deployment whose Machines go.
type Lowered struct {
	// Replicas and Recorded are as they are to be written.
	Replicas int32
	Recorded []string
	// Changed says that there is anything to write.
	Changed bool
}

// Going is what is known of the Machines that are to go.
type Going struct {
	// Replicas that are wanted.
	Replicas int32
	// Recorded are the names of those that the replicas no longer count.
	Recorded []string
	// Marked are the names of those that are marked and are to be recorded.
	Marked []string
	// Exists reports whether there still is a Machine of a name.
	Exists func(name string) bool
}

// Lower returns the replicas without those Machines that are marked and not yet recorded
// (CAPI-048, CAPI-050). Names of Machines that are gone leave the record when there is
// something to write. Without replicas a mark suffices: all Machines go (CAPI-052).
func Lower(g Going) Lowered {
	var news []string
	for _, name := range g.Marked {
		if !slices.Contains(g.Recorded, name) && !slices.Contains(news, name) {
			news = append(news, name)
		}
	}
	if len(news) == 0 || g.Replicas <= 0 {
		return Lowered{Replicas: g.Replicas, Recorded: g.Recorded}
	}
	recorded := slices.DeleteFunc(slices.Clone(g.Recorded), func(name string) bool { return !g.Exists(name) })
	recorded = append(recorded, news...)
	slices.Sort(recorded)
	return Lowered{Replicas: int32(max(0, int(g.Replicas)-len(news))), Recorded: slices.Compact(recorded), Changed: true}
}

// Record writes names as the value of the annotation.
func Record(names []string) string { return strings.Join(names, ",") }

// Recorded reads the names of the annotation.
func Recorded(annotation string) []string {
	var out []string
	for name := range strings.SplitSeq(annotation, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}
