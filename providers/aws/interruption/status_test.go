// SPDX-License-Identifier: Apache-2.0

package interruption_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	kit "karpenter.sh/core/cloudprovider/kit/interruption"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/interruption"
)

const (
	unhealthy = "karpenter_interruption_instance_status_unhealthy_total"
	describe  = "ec2:DescribeInstanceStatus"
)

// newStatusWorld has instances that run, with a NodeClaim for all but the last.
func newStatusWorld(t *testing.T, n int) (*world, []string) {
	t.Helper()
	w := newWorld(t)
	ids := w.launch(n)
	for _, id := range ids[:n-1] {
		w.claim(id)
	}
	return w, ids
}

// AWS-389, AWS-390: checks count after 120 s of failure and end the machine without
// drain. Instances of others are left out.
func TestChecksFail(t *testing.T) {
	w, ids := newStatusWorld(t, 3)
	must(t, w.cloud.Lose(ids[0]))
	must(t, w.cloud.Lose(ids[2]))
	w.step(119 * time.Second)
	w.round(w.status)
	if deleted, _ := w.deleted(ids[0]); deleted {
		t.Fatal("deleted after 119 s")
	}
	w.step(time.Second)
	for range 3 { // what stays impaired is counted once
		w.round(w.status)
		w.step(time.Minute)
	}
	if deleted, drains := w.deleted(ids[0]); !deleted || drains {
		t.Errorf("deleted %t, drains %t", deleted, drains)
	}
	if deleted, _ := w.deleted(ids[1]); deleted {
		t.Error("a healthy machine's NodeClaim is deleted")
	}
	for _, category := range []string{"InstanceStatus", "SystemStatus"} {
		if n := w.metric(unhealthy, category); n != 1 {
			t.Errorf("%s counted %d times", category, n)
		}
	}
	if w.metric(unhealthy, "EventStatus") != 0 || w.metric(counted, "instance_status")+max(0, w.metric(counted, "system_status")) != 1 {
		t.Errorf("counted %d events", w.metric(unhealthy, "EventStatus"))
	}
	if len(w.events.Of("InstanceUnhealthy")) == 0 || len(w.events.Of(events.TerminatingOnInterruption)) == 0 {
		t.Errorf("events %v", w.events.Reasons())
	}
}

// AWS-389: events count at once, and drain.
func TestScheduledEvents(t *testing.T) {
	w, ids := newStatusWorld(t, 7)
	codes := []string{"instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop"}
	for i, code := range codes {
		must(t, w.cloud.ScheduleEvent(ids[i], code, 48*time.Hour))
	}
	w.round(w.status)
	for i, code := range codes {
		if deleted, drains := w.deleted(ids[i]); !deleted || !drains {
			t.Errorf("%s: deleted %t, drains %t", code, deleted, drains)
		}
	}
	if deleted, _ := w.deleted(ids[5]); deleted {
		t.Error("a machine without events is deleted")
	}
	if w.metric(unhealthy, "EventStatus") != 5 || w.metric(counted, "event_status") != 5 {
		t.Errorf("counted %d, deleted %d", w.metric(unhealthy, "EventStatus"), w.metric(counted, "event_status"))
	}
	if n := w.calls(describe); n != 3 {
		t.Errorf("%d calls a round", n)
	}
}

// AWS-389: of an event that is over EC2 tells for a week.
func TestCompletedEvent(t *testing.T) {
	w, ids := newStatusWorld(t, 2)
	must(t, w.cloud.ScheduleEvent(ids[0], "system-reboot", time.Minute))
	w.step(time.Hour)
	w.round(w.status)
	if deleted, _ := w.deleted(ids[0]); deleted {
		t.Error("deleted for an event that is over")
	}
}

// AWS-389: of both a broken machine and an event, the graver decides.
func TestGraverFirst(t *testing.T) {
	w, ids := newStatusWorld(t, 2)
	must(t, w.cloud.ScheduleEvent(ids[0], "instance-stop", 48*time.Hour))
	must(t, w.cloud.Lose(ids[0]))
	w.step(2 * time.Minute)
	w.round(w.status)
	if deleted, drains := w.deleted(ids[0]); !deleted || drains {
		t.Errorf("deleted %t, drains %t", deleted, drains)
	}
}

// AWS-388, KIT-156: what both sources tell of is counted once, while the cache lags too.
func TestBothSources(t *testing.T) {
	w, ids := newStatusWorld(t, 2)
	w.stale = &v1.NodeClaimList{}
	must(t, w.api.List(t.Context(), w.stale))
	must(t, w.cloud.ScheduleEvent(ids[0], "instance-stop", 48*time.Hour))
	must(t, w.cloud.Notify(ids[0], "spot"))
	w.round(w.queue)
	w.round(w.status)
	if w.metric(counted, "spot_interrupted") != 1 || w.metric(counted, "event_status") > 0 {
		t.Errorf("counted %d and %d", w.metric(counted, "spot_interrupted"), w.metric(counted, "event_status"))
	}
}

// AWS-389: one query that fails stops no other, and what it would have told is not
// forgotten.
func TestQueryFails(t *testing.T) {
	w, ids := newStatusWorld(t, 2)
	must(t, w.cloud.ScheduleEvent(ids[0], "system-maintenance", 48*time.Hour))
	w.fail(describe, "InternalError", 2)
	if _, err := w.status.Reconcile(t.Context()); err == nil {
		t.Error("a query that fails is no error")
	}
	if deleted, _ := w.deleted(ids[0]); !deleted {
		t.Error("what the third query told is not heeded")
	}
	w.fail(describe, "InternalError", 3)
	if _, err := w.status.Reconcile(t.Context()); err == nil {
		t.Error("queries that fail are no error")
	}
	w.round(w.status)
	if n := w.metric(unhealthy, "EventStatus"); n != 1 {
		t.Errorf("counted %d times", n)
	}
}

// AWS-390: without the permission the log names it, and EC2 is asked again after
// 10 min.
func TestUnauthorized(t *testing.T) {
	w, ids := newStatusWorld(t, 2)
	must(t, w.cloud.ScheduleEvent(ids[0], "instance-stop", 48*time.Hour))
	w.fail(describe, "UnauthorizedOperation", 1)
	var lines []string
	ctx := log.IntoContext(t.Context(), funcr.New(func(_, args string) { lines = append(lines, args) }, funcr.Options{}))
	for range 10 {
		if r, err := w.status.Reconcile(ctx); err != nil || r.RequeueAfter != time.Minute {
			t.Fatalf("got %+v, %v", r, err)
		}
		w.step(time.Minute - time.Millisecond)
	}
	if n := w.calls(describe); n != 1 || len(lines) != 1 || !strings.Contains(lines[0], describe) {
		t.Errorf("%d calls, logged %q", n, lines)
	}
	w.step(10 * time.Millisecond)
	w.round(w.status)
	if deleted, _ := w.deleted(ids[0]); !deleted {
		t.Error("nothing is done after the permission was granted")
	}
}

// AWS-389, CP-094: a cluster without machines asks for nothing.
func TestNoMachines(t *testing.T) {
	w := newWorld(t)
	w.round(w.status)
	if n := w.calls(describe); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// told is an EC2 that tells of one status in its answer to the first query, over two
// pages.
type told struct {
	status types.InstanceStatus
	none   bool
	pages  int
}

func (f *told) DescribeInstanceStatus(_ context.Context, in *ec2.DescribeInstanceStatusInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	if *in.Filters[0].Name != "instance-status.status" || f.none {
		return &ec2.DescribeInstanceStatusOutput{}, nil
	}
	f.pages++
	if in.NextToken == nil {
		return &ec2.DescribeInstanceStatusOutput{NextToken: aws.String("2"), InstanceStatuses: []types.InstanceStatus{{InstanceId: aws.String("i-9")}}}, nil
	}
	return &ec2.DescribeInstanceStatusOutput{InstanceStatuses: []types.InstanceStatus{f.status}}, nil
}

// statusOf is a source that is told of the status of i-1.
func statusOf(t *testing.T, s types.InstanceStatus) (*world, *told, *interruption.Status) {
	t.Helper()
	w := newWorld(t, "i-1")
	s.InstanceId = aws.String("i-1")
	f := &told{status: s}
	w.registry = prometheus.NewRegistry()
	m, err := interruption.NewMetrics(w.registry)
	must(t, err)
	return w, f, interruption.NewStatus(interruption.StatusOptions{
		API: f, NodeClaims: w.api, Kinds: cloudprovider.NodeClassKinds{schema.GroupKind(awsv1.Kind())}, Clock: w.clock, Metrics: m,
	})
}

func kinds(messages []kit.Message) []metrics.Reason {
	var out []metrics.Reason
	for _, m := range messages {
		for _, n := range m.Notices {
			out = append(out, n.Kind)
		}
	}
	return out
}

func impaired(since *time.Time) *types.InstanceStatusSummary {
	return &types.InstanceStatusSummary{Status: types.SummaryStatusImpaired, Details: []types.InstanceStatusDetails{{
		Name: types.StatusNameReachability, Status: types.StatusTypeFailed, ImpairedSince: since,
	}}}
}

// AWS-389: single statuses, after so much time since they were first told.
func TestStatuses(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	event := func(code, description string) []types.InstanceStatusEvent {
		return []types.InstanceStatusEvent{{Code: types.EventCode(code), Description: &description}}
	}
	ok := &types.InstanceStatusSummary{Status: types.SummaryStatusOk}
	for _, tc := range []struct {
		reason string
		status types.InstanceStatus
		after  time.Duration
		want   []metrics.Reason
	}{
		{"impaired for long", types.InstanceStatus{InstanceStatus: impaired(aws.Time(start.Add(-time.Hour))), SystemStatus: ok}, 0, []metrics.Reason{"instance_status"}},
		{"the system, for 120 s", types.InstanceStatus{SystemStatus: impaired(aws.Time(start.Add(-120 * time.Second)))}, 0, []metrics.Reason{"system_status"}},
		{"the system, for less", types.InstanceStatus{SystemStatus: impaired(aws.Time(start.Add(-119 * time.Second)))}, 0, nil},
		{"it is not said since when", types.InstanceStatus{SystemStatus: impaired(nil)}, 119 * time.Second, nil},
		{"it is not said since when, and goes on", types.InstanceStatus{SystemStatus: impaired(nil)}, 120 * time.Second, []metrics.Reason{"system_status"}},
		{"the cloud's clock is an hour ahead", types.InstanceStatus{SystemStatus: impaired(aws.Time(start.Add(time.Hour)))}, 120 * time.Second, []metrics.Reason{"system_status"}},
		{"not enough data", types.InstanceStatus{SystemStatus: &types.InstanceStatusSummary{Status: types.SummaryStatusInsufficientData}}, time.Hour, nil},
		{"volumes are impaired", types.InstanceStatus{AttachedEbsStatus: &types.EbsStatusSummary{Status: types.SummaryStatusImpaired}}, time.Hour, nil},
		{"nothing is said", types.InstanceStatus{}, time.Hour, nil},
		{"all at once", types.InstanceStatus{InstanceStatus: impaired(nil), SystemStatus: impaired(nil), Events: event("instance-stop", "soon")}, time.Hour, []metrics.Reason{"instance_status", "system_status", "event_status"}},
		{"an event without description", types.InstanceStatus{Events: []types.InstanceStatusEvent{{Code: "system-reboot"}}}, 0, []metrics.Reason{"event_status"}},
		{"an event that is completed", types.InstanceStatus{Events: event("system-reboot", "[Completed] reboot")}, time.Hour, nil},
		{"an event that is canceled", types.InstanceStatus{Events: event("system-reboot", "[Canceled] reboot")}, time.Hour, nil},
		{"an event of another kind", types.InstanceStatus{Events: event("instance-move", "soon")}, time.Hour, nil},
		{"one is over, one is not", types.InstanceStatus{Events: slices.Concat(event("system-reboot", "[Completed] reboot"), event("instance-stop", "soon"))}, 0, []metrics.Reason{"event_status"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w, f, s := statusOf(t, tc.status)
			messages, err := s.Receive(t.Context())
			must(t, err)
			if tc.after > 0 {
				w.clock.Step(tc.after)
				messages, err = s.Receive(t.Context())
				must(t, err)
			}
			if got := kinds(messages); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if f.pages < 2 {
				t.Errorf("read %d pages", f.pages)
			}
		})
	}
}

// AWS-390: a problem that went away and comes back is counted again, one that stays for
// days is not, and it is told in each round until its NodeClaim is gone.
func TestCountedOnce(t *testing.T) {
	w, f, s := statusOf(t, types.InstanceStatus{SystemStatus: impaired(aws.Time(time.Unix(1, 0)))})
	receive := func(want int) {
		t.Helper()
		messages, err := s.Receive(t.Context())
		must(t, err)
		if len(messages) != want {
			t.Errorf("told of %d, want %d", len(messages), want)
		}
	}
	for range 100 {
		receive(1)
		w.clock.Step(time.Hour)
	}
	if n := w.metric(unhealthy, "SystemStatus"); n != 1 {
		t.Errorf("counted %d times", n)
	}
	f.none = true
	receive(0)
	f.none = false
	receive(1)
	if n := w.metric(unhealthy, "SystemStatus"); n != 2 {
		t.Errorf("counted %d times after it came back", n)
	}
	c := w.read("i-1")
	c.Finalizers = nil
	must(t, errors.Join(w.api.Update(t.Context(), c), w.api.Delete(t.Context(), &v1.NodeClaim{ObjectMeta: c.ObjectMeta})))
	receive(0)
}
