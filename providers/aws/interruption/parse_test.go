// SPDX-License-Identifier: Apache-2.0

package interruption_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"karpenter.sh/core/metrics"
	"karpenter.sh/providers/aws/interruption"
)

func ec2Event(detailType, detail string) string {
	return fmt.Sprintf(`{"version":"0","id":"a","source":"aws.ec2","detail-type":%q,"time":"2026-03-01T12:00:00Z","detail":%s}`, detailType, detail)
}

func healthEvent(detail string) string {
	return strings.Replace(ec2Event("AWS Health Event", detail), "aws.ec2", "aws.health", 1)
}

const (
	spot   = "EC2 Spot Instance Interruption Warning"
	change = "EC2 Instance State-change Notification"
)

// AWS-387: each row, and what is near one.
func TestParse(t *testing.T) {
	i1 := []string{"i-1"}
	for _, tc := range []struct {
		reason, body string
		kind         metrics.Reason
		instances    []string
	}{
		{"spot", ec2Event(spot, `{"instance-id":"i-1","instance-action":"terminate"}`), interruption.SpotInterrupted, i1},
		{"reservation", ec2Event("EC2 Capacity Reservation Instance Interruption Warning", `{"instance-id":"i-1"}`), interruption.CapacityReservationInterrupted, i1},
		{"rebalance", ec2Event("EC2 Instance Rebalance Recommendation", `{"instance-id":"i-1"}`), interruption.RebalanceRecommendation, i1},
		{"stopping", ec2Event(change, `{"instance-id":"i-1","state":"stopping"}`), interruption.InstanceStopped, i1},
		{"stopped", ec2Event(change, `{"instance-id":"i-1","state":"STOPPED"}`), interruption.InstanceStopped, i1},
		{"shutting down", ec2Event(change, `{"instance-id":"i-1","state":"Shutting-Down"}`), interruption.InstanceTerminated, i1},
		{"terminated", ec2Event(change, `{"instance-id":"i-1","state":"terminated"}`), interruption.InstanceTerminated, i1},
		{"running", ec2Event(change, `{"instance-id":"i-1","state":"running"}`), interruption.NoOp, nil},
		{"maintenance", healthEvent(`{"service":"EC2","eventTypeCategory":"scheduledChange","affectedEntities":[{"entityValue":"i-1"},{"entityValue":""},{"entityValue":"i-2"}]}`), interruption.ScheduledChange, []string{"i-1", "i-2"}},
		{"maintenance of nothing that is named", healthEvent(`{"service":"EC2","eventTypeCategory":"scheduledChange"}`), interruption.ScheduledChange, nil},
		{"maintenance of another service", healthEvent(`{"service":"RDS","eventTypeCategory":"scheduledChange","affectedEntities":[{"entityValue":"i-1"}]}`), interruption.NoOp, nil},
		{"an issue", healthEvent(`{"service":"EC2","eventTypeCategory":"issue","affectedEntities":[{"entityValue":"i-1"}]}`), interruption.NoOp, nil},
		{"maintenance that is over", healthEvent(`{"service":"EC2","eventTypeCategory":"scheduledChange","statusCode":"closed","affectedEntities":[{"entityValue":"i-1"}]}`), interruption.NoOp, nil},
		{"maintenance that is over for some", healthEvent(`{"service":"EC2","eventTypeCategory":"scheduledChange","statusCode":"open","affectedEntities":[{"entityValue":"i-1","status":"RESOLVED"},{"entityValue":"i-2","status":"PENDING"}]}`), interruption.ScheduledChange, []string{"i-2"}},
		{"another version", strings.Replace(ec2Event(spot, `{"instance-id":"i-1"}`), `"0"`, `"1"`, 1), interruption.NoOp, nil},
		{"another source", strings.Replace(ec2Event(spot, `{"instance-id":"i-1"}`), "aws.ec2", "aws.ecs", 1), interruption.NoOp, nil},
		{"another event, whatever its detail", ec2Event("EC2 Fleet Instance Change", `"text"`), interruption.NoOp, nil},
		{"nothing", "", interruption.NoOp, nil},
		{"white space", " \n", interruption.NoOp, nil},
		{"null", "null", interruption.NoOp, nil},
		{"another object", `{"Type":"Notification"}`, interruption.NoOp, nil},
		{"a time that is none", strings.Replace(ec2Event(spot, `{"instance-id":"i-1"}`), "2026-03-01T12:00:00Z", "noon", 1), interruption.SpotInterrupted, i1},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := interruption.Parse(tc.body)
			if err != nil || got.Kind != tc.kind || !slices.Equal(got.Instances, tc.instances) {
				t.Errorf("got %+v, %v, want %s %v", got, err, tc.kind, tc.instances)
			}
		})
	}
	if got, _ := interruption.Parse(ec2Event(spot, `{"instance-id":"i-1"}`)); !got.Time.Equal(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("the time is %s", got.Time)
	}
}

// AWS-386: what cannot be read is an error, and no kind.
func TestParseMalformed(t *testing.T) {
	for reason, body := range map[string]string{
		"no JSON":                      "hello",
		"cut off":                      `{"version":"0"`,
		"a list":                       `[]`,
		"a text":                       `"hello"`,
		"a detail that is a text":      ec2Event(spot, `"i-1"`),
		"an ID that is a number":       ec2Event(spot, `{"instance-id":1}`),
		"no instance":                  ec2Event(spot, `{}`),
		"no detail":                    `{"version":"0","source":"aws.ec2","detail-type":"` + spot + `"}`,
		"a state without instance":     ec2Event(change, `{"state":"stopped"}`),
		"entities that are no objects": healthEvent(`{"service":"EC2","eventTypeCategory":"scheduledChange","affectedEntities":["i-1"]}`),
	} {
		if got, err := interruption.Parse(body); err == nil {
			t.Errorf("%s: got %+v", reason, got)
		}
	}
}

// AWS-387: whatever the queue holds, Parse returns, and a kind it returns has what it
// needs.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "null", "[]", `{"version":0}`, ec2Event(spot, `{"instance-id":"i-1"}`), ec2Event(change, `{"instance-id":"i-1","state":"stopped"}`),
		healthEvent(`{"service":"EC2","eventTypeCategory":"scheduledChange","affectedEntities":[{"entityValue":"i-1"}]}`),
		`{"version":"0","source":"aws.health","detail-type":"AWS Health Event","detail":null}`, strings.Repeat(`{"detail":`, 20000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		event, err := interruption.Parse(body)
		switch {
		case err != nil && event.Kind != "":
			t.Errorf("%q: both %+v and %v", body, event, err)
		case err == nil && event.Kind == "":
			t.Errorf("%q: no kind", body)
		case slices.Contains(event.Instances, ""):
			t.Errorf("%q: an instance without ID", body)
		case event.Kind == interruption.NoOp && len(event.Instances) > 0:
			t.Errorf("%q: %+v", body, event)
		}
	})
}
