// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/journal"
	"karpenter.sh/test/cloudsim/lag"
	"karpenter.sh/test/cloudsim/proxmox/schema"
	"karpenter.sh/test/cloudsim/world"
)

// Options say how the clusters behave.
type Options struct {
	// Setup is what the clusters hold.
	Setup Setup
	// Clock is the time; nil: the real one.
	Clock clock.Clock
	// Seed decides identifiers.
	Seed uint64
	// API describes the calls; nil: the stand-in does.
	API *schema.API
	// Times are how long tasks take, by their type; those that are missing take the time
	// of [DefaultTimes].
	Times map[string]time.Duration
	// Joiner gets the nodes that boot; nil: they are recorded only. Boot is how long
	// machines take to boot.
	Joiner join.Joiner
	Boot   time.Duration
	// JournalSize bounds how many requests are remembered; 0: 10,000.
	JournalSize int
}

// DefaultTimes are how long tasks take, by their type.
func DefaultTimes() map[string]time.Duration {
	return map[string]time.Duration{
		"qmclone": 8 * time.Second, "qmcreate": 4 * time.Second, "qmconfig": 200 * time.Millisecond, "qmstart": 2 * time.Second,
		"qmstop": time.Second, "qmdestroy": 2 * time.Second, "qmtemplate": time.Second, "resize": 500 * time.Millisecond,
		"download": 30 * time.Second, "imgcopy": 500 * time.Millisecond, "imgdel": 500 * time.Millisecond,
	}
}

// Cloud is the simulated clusters.
type Cloud struct {
	clock    clock.Clock
	api      *schema.API
	times    map[string]time.Duration
	handlers map[string]handler

	ids     *world.IDs
	agenda  *world.Agenda
	delays  *lag.Delays
	faults  *fault.Rules
	journal *journal.Journal
	yard    *join.Yard

	// mu guards the regions and what is in them.
	mu      sync.Mutex
	regions map[string]*region
}

// New returns clusters in the state of their setup.
func New(o Options) (*Cloud, error) {
	if o.API == nil {
		api, err := schema.StandIn()
		if err != nil {
			return nil, err
		}
		o.API = api
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.JournalSize == 0 {
		o.JournalSize = 10000
	}
	agenda := world.NewAgenda()
	c := &Cloud{
		clock: o.Clock, api: o.API, times: DefaultTimes(), handlers: handlers(),
		ids: world.NewIDs(o.Seed), agenda: agenda, delays: lag.NewDelays(), faults: fault.NewRules(),
		journal: journal.New(o.JournalSize), yard: join.NewYard(agenda, o.Joiner, o.Boot), regions: map[string]*region{},
	}
	maps.Copy(c.times, o.Times)
	if len(o.Setup.Regions) == 0 {
		return nil, errors.New("setup: there is no region")
	}
	for _, in := range o.Setup.Regions {
		r, err := c.newRegion(in)
		if err != nil {
			return nil, fmt.Errorf("setup: region %s: %w", in.Name, err)
		}
		c.regions[in.Name] = r
	}
	return c, nil
}

// Calls are the names of all calls that are simulated.
func (c *Cloud) Calls() []string { return slices.Sorted(maps.Keys(c.handlers)) }

// Faults are the rules by which calls go wrong. The error of single things within a call
// (fault.Rule.Within) is that with which its task ends.
func (c *Cloud) Faults() *fault.Rules { return c.faults }

// Journal is what was called.
func (c *Cloud) Journal() *journal.Journal { return c.journal }

// Yard boots machines.
func (c *Cloud) Yard() *join.Yard { return c.yard }

// Agenda is what happens later; a real clock needs its Loop.
func (c *Cloud) Agenda() *world.Agenda { return c.agenda }

// Settle lets everything happen that is due.
func (c *Cloud) Settle() { c.agenda.Run(c.clock.Now()) }

// Lag delays reads: of kind machine, whether a machine is there, runs, and where.
func (c *Cloud) Lag(kind string, d time.Duration) { c.delays.Set(kind, d) }

// handlers carry out calls, by their names.
func handlers() map[string]handler {
	all := map[string]handler{}
	for _, group := range []map[string]handler{
		accessCalls(), clusterCalls(), hostCalls(), storageCalls(), contentCalls(), machineCalls(), firewallCalls(), poolCalls(),
		networkCalls(), mappingCalls(),
	} {
		maps.Copy(all, group)
	}
	return all
}
