// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/json"
	"fmt"
	"time"

	"karpenter.sh/test/cloudsim/control"
)

// spotNotice is how long before its end a spot instance is told.
const spotNotice = 2 * time.Minute

// Kinds of notices.
const (
	NoticeSpot      = "spot"      // interruption, two minutes before the end
	NoticeRebalance = "rebalance" // nothing follows
	NoticeHealth    = "health"    // scheduled maintenance; nothing follows by itself
)

// Notify implements control.Interrupter. The kinds are spot (the default), rebalance and
// health.
func (c *Cloud) Notify(id, kind string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, err := c.alive(id)
	if err != nil {
		return err
	}
	now := c.clock.Now()
	e := event{Source: "aws.ec2", Detail: map[string]any{"instance-id": id}}
	switch kind {
	case "", NoticeSpot:
		if i.spotID == "" {
			return fmt.Errorf("instance %s: it is no spot instance", id)
		}
		e.Type = "EC2 Spot Instance Interruption Warning"
		e.Detail["instance-action"] = "terminate"
		c.agenda.Add(now.Add(spotNotice), func(now time.Time) { _ = c.reclaim(id, now) }) // it may have ended by itself
	case NoticeRebalance:
		e.Type = "EC2 Instance Rebalance Recommendation"
	case NoticeHealth:
		e.Source, e.Type = "aws.health", "AWS Health Event"
		e.Detail = map[string]any{
			"service": "EC2", "eventTypeCategory": "scheduledChange", "eventTypeCode": "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED",
			"affectedEntities": []map[string]any{{"entityValue": id}},
		}
	default:
		return fmt.Errorf("notice of %s: no kind is called %q: spot, rebalance or health", id, kind)
	}
	c.publish(e, now)
	return nil
}

// event is a message of EventBridge.
type event struct {
	Version string         `json:"version"`
	ID      string         `json:"id"`
	Type    string         `json:"detail-type"`
	Source  string         `json:"source"`
	Account string         `json:"account"`
	Time    string         `json:"time"`
	Region  string         `json:"region"`
	Detail  map[string]any `json:"detail"`
}

// publish sends an event to all queues.
func (c *Cloud) publish(e event, now time.Time) {
	e.Version, e.ID, e.Account, e.Region = "0", c.ids.UUID(), c.options.Setup.Account, c.options.Setup.Region
	e.Time = now.UTC().Format(time.RFC3339)
	body, err := json.Marshal(e)
	if err != nil {
		return // texts always marshal
	}
	for _, q := range c.queues {
		q.send(c.ids.UUID(), string(body), now)
	}
}

// Send puts a message into a queue, as it is.
func (c *Cloud) Send(queue, body string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[queue]
	if q == nil {
		return fmt.Errorf("queue %s: %w", queue, control.ErrNotFound)
	}
	q.send(c.ids.UUID(), body, c.clock.Now())
	return nil
}

func (c *Cloud) alive(id string) (*instance, error) {
	i := c.instances.all[id]
	if i == nil || !i.ending.IsZero() {
		return nil, fmt.Errorf("instance %s: %w", id, control.ErrNotFound)
	}
	return i, nil
}

// Reclaim implements control.Interrupter: the cloud takes an instance, and its capacity.
func (c *Cloud) Reclaim(id string) error { return c.reclaim(id, c.clock.Now()) }

func (c *Cloud) reclaim(id string, now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, err := c.alive(id)
	if err != nil {
		return err
	}
	c.end(i, now, "Server.SpotInstanceTermination: instance termination", true)
	for _, state := range []string{stateShutting, stateEnded} {
		e := event{
			Source: "aws.ec2", Type: "EC2 Instance State-change Notification",
			Detail: map[string]any{"instance-id": id, "state": state},
		}
		c.agenda.Add(map[string]time.Time{stateShutting: now, stateEnded: i.ended}[state], func(now time.Time) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.publish(e, now)
		})
	}
	return nil
}

// Lose implements control.Target: the instance's host fails. Its node falls silent and
// its checks fail; it is not ended.
func (c *Cloud) Lose(id string) error {
	c.mu.Lock()
	i, err := c.alive(id)
	if err == nil {
		i.impaired, i.only = c.clock.Now(), ""
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	return c.yard.Lose(id)
}

// Checks of an instance's status.
const (
	CheckInstance = "instance"
	CheckSystem   = "system"
)

// Impair lets one of an instance's checks fail, while its node stays well.
func (c *Cloud) Impair(id, check string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, err := c.alive(id)
	if err == nil {
		i.impaired, i.only = c.clock.Now(), check
	}
	return err
}
