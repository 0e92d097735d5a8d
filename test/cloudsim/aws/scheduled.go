// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/wire"
)

// scheduled is an event that is scheduled for an instance.
type scheduled struct {
	id, code string
	at       time.Time
}

// maxScheduled is how many events an instance may have.
const maxScheduled = 100

// eventKinds are the codes of events, with what is said of them.
func eventKinds() map[string]string {
	return map[string]string{
		"instance-reboot":     "The instance is scheduled for a reboot",
		"system-reboot":       "The host of the instance is scheduled for a reboot",
		"system-maintenance":  "The instance is scheduled for maintenance of network or power",
		"instance-retirement": "The instance is running on degraded hardware",
		"instance-stop":       "The instance is scheduled to be stopped",
	}
}

// ScheduleEvent implements control.EventScheduler: the instance's status shows an event
// from now on. When it is due, an instance that is to be retired or stopped ends and
// its capacity is kept; the other events are completed.
func (c *Cloud) ScheduleEvent(id, code string, in time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, err := c.alive(id)
	if err != nil {
		return err
	}
	if eventKinds()[code] == "" {
		return fmt.Errorf("event of %s: no code is called %q: %s", id, code, strings.Join(slices.Sorted(maps.Keys(eventKinds())), ", "))
	}
	if len(i.events) == maxScheduled {
		return fmt.Errorf("event of %s: it has %d already", id, maxScheduled)
	}
	e := scheduled{id: c.ids.Hex("instance-event-0", 16), code: code, at: c.clock.Now().Add(in)}
	i.events = append(i.events, e)
	if e.ends() {
		c.agenda.Add(e.at, func(now time.Time) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.end(i, now, "Server.ScheduledStop: Stopped due to scheduled retirement", true)
		})
	}
	return nil
}

func (e scheduled) ends() bool { return e.code == "instance-retirement" || e.code == "instance-stop" }

func (i *instance) eventCodes() []string {
	var codes []string
	for _, e := range i.events {
		codes = append(codes, e.code)
	}
	return codes
}

// eventTrees tell the events. A completed one is told with its code still: only its
// description says so.
func (i *instance) eventTrees(now time.Time) []wire.Tree {
	var list []wire.Tree
	for _, e := range i.events {
		text := eventKinds()[e.code]
		if !now.Before(e.at) {
			text = "[Completed] " + text
		}
		tree := wire.Tree{"InstanceEventId": e.id, "Code": e.code, "Description": text, "NotBefore": e.at}
		if !e.ends() {
			tree["NotAfter"] = e.at.Add(eventWindow)
		}
		list = append(list, tree)
	}
	return list
}

// eventWindow is how long maintenance may take.
const eventWindow = 2 * time.Hour
