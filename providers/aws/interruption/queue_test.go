// SPDX-License-Identifier: Apache-2.0

package interruption_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/prometheus/client_golang/prometheus"
	testclock "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/health"
	kit "karpenter.sh/core/cloudprovider/kit/interruption"
	"karpenter.sh/core/events"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/interruption"
)

const (
	received = "karpenter_interruption_received_messages_total"
	removed  = "karpenter_interruption_deleted_messages_total"
	handled  = "karpenter_interruption_message_queue_duration_seconds"
	counted  = "karpenter_nodeclaims_disrupted_total"
)

// AWS-387, AWS-388, AWS-401, AWS-403: what each kind does to the machine it is about.
func TestKinds(t *testing.T) {
	for _, tc := range []struct {
		kind, body, reason string
		deletes            bool
	}{
		{"spot_interrupted", ec2Event(spot, `{"instance-id":"i-1"}`), "SpotInterrupted", true},
		{"capacity_reservation_interrupted", ec2Event("EC2 Capacity Reservation Instance Interruption Warning", `{"instance-id":"i-1"}`), "CapacityReservationInstanceInterrupted", true},
		{"rebalance_recommendation", ec2Event("EC2 Instance Rebalance Recommendation", `{"instance-id":"i-1"}`), "SpotRebalanceRecommendation", false},
		{"instance_stopped", ec2Event(change, `{"instance-id":"i-1","state":"stopped"}`), "InstanceStopping", true},
		{"instance_terminated", ec2Event(change, `{"instance-id":"i-1","state":"terminated"}`), "InstanceTerminating", true},
		{"scheduled_change", healthEvent(`{"service":"EC2","eventTypeCategory":"scheduledChange","affectedEntities":[{"entityValue":"i-1"}]}`), "InstanceUnhealthy", true},
		{"no_op", ec2Event(change, `{"instance-id":"i-1","state":"running"}`), "", false},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			w := newWorld(t, "i-1", "i-2")
			if n := w.metric(received, tc.kind); n != 0 {
				t.Errorf("before the first the counter is %d, want 0", n)
			}
			must(t, w.cloud.Send("c1", tc.body))
			w.round(w.queue)
			if deleted, drains := w.deleted("i-1"); deleted != tc.deletes || !drains {
				t.Errorf("deleted %t, drains %t", deleted, drains)
			}
			if other, _ := w.deleted("i-2"); other {
				t.Error("another machine's NodeClaim is deleted")
			}
			want := map[string]int{tc.reason: 2, events.TerminatingOnInterruption: 0}
			if tc.deletes {
				want[events.TerminatingOnInterruption] = 2
			}
			if tc.reason == "" {
				want = map[string]int{}
			}
			for reason, n := range want {
				if got := w.events.Of(reason); len(got) != n {
					t.Errorf("events %v, want %d of %s", w.events.Reasons(), n, reason)
				}
			}
			if len(want) == 0 && len(w.events.Events()) > 0 {
				t.Errorf("events %v", w.events.Reasons())
			}
			if w.metric(received, tc.kind) != 1 || w.metric(removed, "") != 1 || w.metric(handled, "") != 1 {
				t.Errorf("counted %d received, %d deleted, %d handled", w.metric(received, tc.kind), w.metric(removed, ""), w.metric(handled, ""))
			}
			if n := max(0, w.metric(counted, tc.kind)); (n == 1) != tc.deletes {
				t.Errorf("counted %d deletions", n)
			}
		})
	}
}

// AWS-386: unreadable messages are deleted and count as deleted only.
func TestUnreadable(t *testing.T) {
	w := newWorld(t, "i-1")
	must(t, w.cloud.Send("c1", "hello"))
	must(t, w.cloud.Send("c1", ""))
	w.round(w.queue)
	if w.calls("sqs:DeleteMessage") != 2 || w.metric(removed, "") != 2 {
		t.Errorf("%d deletions", w.calls("sqs:DeleteMessage"))
	}
	if n := w.metric(received, ""); n != 1 { // the empty one
		t.Errorf("counted %d", n)
	}
}

// AWS-387, AWS-235, CP-085
func TestMarks(t *testing.T) {
	offering := func(capacityType, kind, zone string) health.Offering {
		return health.Offering{CapacityType: capacityType, InstanceType: kind, Family: "m5", Zone: zone}
	}
	t.Run("spot capacity of the type and zone", func(t *testing.T) {
		w := newWorld(t, "i-1")
		must(t, w.cloud.Send("c1", ec2Event(spot, `{"instance-id":"i-1"}`)))
		w.round(w.queue)
		for _, tc := range []struct {
			o    health.Offering
			want bool
		}{
			{offering("spot", "m5.large", "us-west-2a"), true},
			{offering("on-demand", "m5.large", "us-west-2a"), false},
			{offering("spot", "m5.large", "us-west-2b"), false},
			{offering("spot", "m5.xlarge", "us-west-2a"), false},
		} {
			if _, marked := w.health.Snapshot().Why(tc.o); marked != tc.want {
				t.Errorf("%+v is marked: %t, want %t", tc.o, marked, tc.want)
			}
		}
		w.step(3 * time.Minute)
		if e, marked := w.health.Snapshot().Why(offering("spot", "m5.large", "us-west-2a")); marked {
			t.Errorf("still marked after 3 min: %+v", e)
		}
	})
	t.Run("a NodeClaim without zone marks nothing", func(t *testing.T) {
		w := newWorld(t)
		w.claim("i-1", func(c *v1.NodeClaim) { delete(c.Labels, "topology.kubernetes.io/zone") })
		must(t, w.cloud.Send("c1", ec2Event(spot, `{"instance-id":"i-1"}`)))
		w.round(w.queue)
		if deleted, _ := w.deleted("i-1"); !deleted || len(w.health.Snapshot().Entries()) != 0 {
			t.Errorf("deleted %t, marked %+v", deleted, w.health.Snapshot().Entries())
		}
	})
	t.Run("a reservation", func(t *testing.T) {
		w := newWorld(t)
		w.claim("i-1", func(c *v1.NodeClaim) { c.Labels[awsv1.LabelCapacityReservationID] = "cr-1" })
		must(t, w.cloud.Send("c1", ec2Event("EC2 Capacity Reservation Instance Interruption Warning", `{"instance-id":"i-1"}`)))
		w.round(w.queue)
		if fmt.Sprint(w.reservations.refused) != "[cr-1]" {
			t.Errorf("refused %v", w.reservations.refused)
		}
	})
	t.Run("AWS-433 reservations are off", func(t *testing.T) {
		c := &v1.NodeClaim{}
		c.Labels = map[string]string{awsv1.LabelCapacityReservationID: "cr-1"}
		interruption.Mark(health.New(health.Options{Clock: testclock.NewFakePassiveClock(time.Unix(1, 0))}), nil)(
			t.Context(), c, kit.Notice{Kind: interruption.CapacityReservationInterrupted})
	})
}

// AWS-388: other instances, and NodeClaims of others, are none of our business.
func TestOfOthers(t *testing.T) {
	w := newWorld(t)
	w.claim("i-1", func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Group = "theirs" })
	w.claim("i-2", func(c *v1.NodeClaim) { c.Status.ProviderID = "kwok://i-2" })
	for _, id := range []string{"i-1", "i-2", "i-9"} {
		must(t, w.cloud.Send("c1", ec2Event(spot, `{"instance-id":"`+id+`"}`)))
	}
	w.round(w.queue)
	for _, id := range []string{"i-1", "i-2"} {
		if deleted, _ := w.deleted(id); deleted {
			t.Errorf("%s is deleted", id)
		}
	}
	if w.calls("sqs:DeleteMessage") != 3 || len(w.events.Events()) != 0 {
		t.Errorf("%d messages deleted, events %v", w.calls("sqs:DeleteMessage"), w.events.Reasons())
	}
}

// AWS-388: two NodeClaims that claim one instance go both; a NodeClaim that goes
// already is left alone.
func TestClaims(t *testing.T) {
	w := newWorld(t, "i-1", "i-2")
	w.claim("twin", func(c *v1.NodeClaim) { c.Status.ProviderID = w.read("i-1").Status.ProviderID })
	must(t, w.api.Delete(t.Context(), w.read("i-2")))
	must(t, w.cloud.Send("c1", ec2Event(spot, `{"instance-id":"i-1"}`)))
	must(t, w.cloud.Send("c1", ec2Event(spot, `{"instance-id":"i-2"}`)))
	w.round(w.queue)
	one, _ := w.deleted("i-1")
	if twin, _ := w.deleted("twin"); !one || !twin || w.metric(counted, "spot_interrupted") != 2 {
		t.Errorf("deleted %t and %t, counted %d", one, twin, w.metric(counted, "spot_interrupted"))
	}
}

// AWS-386, CP-345: what is not handled comes again after 20 s; what comes again and
// again because its deletion is lost is done once.
func TestRedelivery(t *testing.T) {
	w := newWorld(t, "i-1")
	must(t, w.cloud.Send("c1", ec2Event(spot, `{"instance-id":"i-1"}`)))
	w.deletes = errDown
	if _, err := w.queue.Reconcile(t.Context()); !errors.Is(err, errDown) || w.calls("sqs:DeleteMessage") != 0 {
		t.Fatalf("got %v", err)
	}
	if n := w.metric(handled, ""); n > 0 { // AWS-401
		t.Errorf("%d messages count as handled before they are", n)
	}
	w.deletes = nil
	w.round(w.queue)
	if deleted, _ := w.deleted("i-1"); deleted {
		t.Fatal("the message came before its time")
	}
	w.step(20 * time.Second)
	w.fail("sqs:DeleteMessage", "InternalError", 0)
	for range 5 {
		if _, err := w.queue.Reconcile(t.Context()); err == nil {
			t.Fatal("a message that stays is no error")
		}
		w.step(20 * time.Second)
	}
	if deleted, _ := w.deleted("i-1"); !deleted || w.metric(counted, "spot_interrupted") != 1 {
		t.Errorf("deleted %t, counted %d", deleted, w.metric(counted, "spot_interrupted"))
	}
}

// AWS-386: a backlog is worked off ten at a time, and each machine goes once.
func TestBacklog(t *testing.T) {
	w := newWorld(t, "i-1")
	for n := range 200 {
		must(t, w.cloud.Send("c1", ec2Event(spot, fmt.Sprintf(`{"instance-id":"i-%d"}`, n%3))))
	}
	for range 20 {
		if r, err := w.queue.Reconcile(t.Context()); err != nil || r.RequeueAfter > time.Millisecond {
			t.Fatalf("the next round comes after %s, %v", r.RequeueAfter, err)
		}
	}
	if w.metric(removed, "") != 200 || w.metric(counted, "spot_interrupted") != 1 || w.calls("sqs:GetQueueUrl") != 1 {
		t.Errorf("deleted %d messages, counted %d, resolved %d times", w.metric(removed, ""), w.metric(counted, "spot_interrupted"), w.calls("sqs:GetQueueUrl"))
	}
}

// AWS-386: the URL is asked for until there is one, once, and again after the queue
// was lost.
func TestURL(t *testing.T) {
	w := newWorld(t, "i-1")
	w.fail("sqs:GetQueueUrl", "QueueDoesNotExist", 2)
	for range 2 {
		if _, err := w.queue.Reconcile(t.Context()); err == nil {
			t.Fatal("a queue that is missing is no error")
		}
	}
	w.round(w.queue)
	w.round(w.queue)
	if n := w.calls("sqs:GetQueueUrl"); n != 3 {
		t.Errorf("asked %d times for the URL, want 3", n)
	}
	w.fail("sqs:ReceiveMessage", "QueueDoesNotExist", 1)
	if _, err := w.queue.Reconcile(t.Context()); err == nil {
		t.Fatal("a queue that is lost is no error")
	}
	must(t, w.cloud.Send("c1", ec2Event(spot, `{"instance-id":"i-1"}`)))
	w.fail("sqs:DeleteMessage", "QueueDoesNotExist", 1)
	w.round(w.queue) // the message is gone with its queue
	if deleted, _ := w.deleted("i-1"); !deleted || w.calls("sqs:GetQueueUrl") != 4 {
		t.Errorf("deleted %t, asked %d times for the URL, want 4", deleted, w.calls("sqs:GetQueueUrl"))
	}
}

// hung is a queue that answers nothing.
type hung struct {
	interruption.SQS
	url   string
	input *sqs.ReceiveMessageInput
}

//nolint:revive // the SDK's name
func (h *hung) GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error) {
	return &sqs.GetQueueUrlOutput{QueueUrl: &h.url}, nil
}

func (h *hung) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	h.input = in
	<-ctx.Done()
	return nil, ctx.Err()
}

func hungQueue(t *testing.T) (*interruption.Queue, *hung) {
	t.Helper()
	m, err := interruption.NewMetrics(prometheus.NewRegistry())
	must(t, err)
	h := &hung{url: "https://queue"}
	return interruption.NewQueue(interruption.QueueOptions{API: h, Name: "c1", Metrics: m, Clock: testclock.NewFakePassiveClock(time.Unix(1, 0))}), h
}

// AWS-386: a poll ends with the process, without an error, and one that hangs ends soon
// after it should have been answered.
func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, h := hungQueue(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		began := time.Now()
		if messages, err := q.Receive(ctx); err != nil || messages != nil || time.Since(began) != 5*time.Second {
			t.Errorf("after %s got %v, %v", time.Since(began), messages, err)
		}
		if in := h.input; in.MaxNumberOfMessages != 10 || in.VisibilityTimeout != 20 || in.WaitTimeSeconds != 20 || *in.QueueUrl != h.url {
			t.Errorf("asked for %+v", in)
		}
		began = time.Now()
		if _, err := q.Receive(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 30*time.Second {
			t.Errorf("after %s got %v", time.Since(began), err)
		}
	})
}
