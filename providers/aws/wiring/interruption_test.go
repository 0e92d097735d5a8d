// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"fmt"
	"testing"
	"time"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/cloudprovider/kit/interruption"
	"karpenter.sh/core/metrics"
	"karpenter.sh/providers/aws/internal/simtest"
	awsinterruption "karpenter.sh/providers/aws/interruption"
	"karpenter.sh/providers/aws/providerid"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

// notices are all kinds of AWS-387 and AWS-389.
func (w *world) notices() []conformance.NoticeCase {
	const impaired = 3 * time.Minute // until checks count
	send := func(kind metrics.Reason, deletes, hurries bool, do func(id string) error) conformance.NoticeCase {
		return conformance.NoticeCase{
			Kind: string(kind), Deletes: deletes, Hurries: hurries,
			Send: func(_ testing.TB, claim *karpv1.NodeClaim) {
				id, err := providerid.InstanceID(claim.Status.ProviderID)
				w.must(err)
				w.Step(time.Minute) // it runs by then
				w.must(do(id))
			},
		}
	}
	notify := func(kind string) func(string) error {
		return func(id string) error { return w.Cloud.Notify(id, kind) }
	}
	event := func(detailType, more string) func(string) error {
		return func(id string) error {
			return w.Cloud.Send(simtest.Cluster, fmt.Sprintf(
				`{"version": "0", "source": "aws.ec2", "detail-type": %q, "detail": {"instance-id": %q%s}}`, detailType, id, more))
		}
	}
	const state = "EC2 Instance State-change Notification"
	impair := func(check string) func(string) error {
		return func(id string) error {
			err := w.Cloud.Impair(id, check)
			w.Step(impaired)
			return err
		}
	}
	return []conformance.NoticeCase{
		send(awsinterruption.SpotInterrupted, true, false, notify(cloudaws.NoticeSpot)),
		send(awsinterruption.CapacityReservationInterrupted, true, false, event("EC2 Capacity Reservation Instance Interruption Warning", "")),
		send(awsinterruption.RebalanceRecommendation, false, false, notify(cloudaws.NoticeRebalance)),
		send(awsinterruption.InstanceStopped, true, false, event(state, `, "state": "stopping"`)),
		send(awsinterruption.InstanceTerminated, true, false, event(state, `, "state": "shutting-down"`)),
		send(awsinterruption.ScheduledChange, true, false, notify(cloudaws.NoticeHealth)),
		send(awsinterruption.InstanceStatus, true, true, impair(cloudaws.CheckInstance)),
		send(awsinterruption.SystemStatus, true, true, impair(cloudaws.CheckSystem)),
		send(awsinterruption.EventStatus, true, false, func(id string) error {
			return w.Cloud.ScheduleEvent(id, "system-maintenance", time.Hour)
		}),
		send(awsinterruption.NoOp, false, false, event(state, `, "state": "running"`)),
	}
}

func (w *world) interruption() *conformance.Interruption {
	return &conformance.Interruption{
		Store:   w.store,
		Stored:  w.stored,
		Notices: w.notices(),
		Handle: func(t testing.TB) {
			for _, c := range controllersOf[*interruption.Controller](w) {
				_, err := c.Reconcile(t.Context())
				w.must(err)
			}
		},
		Counted: w.disrupted,
	}
}

// disrupted is how many deletions were counted for a reason.
func (w *world) disrupted(reason string) int {
	families, err := w.registry.Gather()
	w.must(err)
	total := 0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "karpenter_nodeclaims_disrupted_total" && l.GetName() == "reason" && l.GetValue() == reason {
					total += int(m.GetCounter().GetValue())
				}
			}
		}
	}
	return total
}
