// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	corev1 "k8s.io/api/core/v1"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/drift"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

// drifts are all reasons of AWS-376.
func (w *world) drifts() *conformance.Drift {
	spec := func(reason cloudprovider.DriftReason, provoke func(*v1.EC2NodeClassSpec, *karpv1.NodeClaim)) conformance.DriftCase {
		before := v1.EC2NodeClassSpec{}
		return conformance.DriftCase{
			Reason: reason,
			Provoke: func(_ testing.TB, claim *karpv1.NodeClaim) {
				before = *w.nodeClass().Spec.DeepCopy()
				w.change(func(s *v1.EC2NodeClassSpec) { provoke(s, claim) })
			},
			Revert: func(testing.TB, *karpv1.NodeClaim) { w.change(func(s *v1.EC2NodeClassSpec) { *s = before }) },
		}
	}
	reservation := spec(drift.CapacityReservationDrift, func(s *v1.EC2NodeClassSpec, _ *karpv1.NodeClaim) { s.CapacityReservationSelectorTerms = nil })
	reservation.Needs = func(t testing.TB) []karpv1.NodeSelectorRequirementWithMinValues {
		w.offerReservation(t)
		return []karpv1.NodeSelectorRequirementWithMinValues{{Key: karpv1.CapacityTypeLabelKey, Operator: "In", Values: []string{karpv1.CapacityTypeReserved}}}
	}
	return &conformance.Drift{
		Cases: []conformance.DriftCase{
			spec(statichash.Drift, func(s *v1.EC2NodeClassSpec, _ *karpv1.NodeClaim) { s.Tags = map[string]string{"team": "b"} }),
			spec(drift.AMIDrift, func(s *v1.EC2NodeClassSpec, _ *karpv1.NodeClaim) { s.AMISelectorTerms[0].Alias = "al2023@v20251201" }),
			spec(drift.SecurityGroupDrift, func(s *v1.EC2NodeClassSpec, _ *karpv1.NodeClaim) {
				s.SecurityGroupSelectorTerms = append(s.SecurityGroupSelectorTerms, v1.SecurityGroupSelectorTerm{ID: w.Setup.SecurityGroups[1].ID})
			}),
			spec(drift.SubnetDrift, func(s *v1.EC2NodeClassSpec, claim *karpv1.NodeClaim) {
				s.SubnetSelectorTerms = w.subnetsBut(claim.Labels[corev1.LabelTopologyZone])
			}),
			reservation,
			w.groupDrift(),
		},
		Unresolve: func(testing.TB) {
			w.edit(func(s *v1.EC2NodeClassSpec) {
				s.SubnetSelectorTerms = []v1.SubnetSelectorTerm{{Tags: map[string]string{"there": "is none"}}}
			})
			w.resolve()
		},
	}
}

// groupDrift is that of a group which was made anew by the same name: another selector
// changes the hash as well.
func (w *world) groupDrift() conformance.DriftCase {
	put := func(id string) func(testing.TB, *karpv1.NodeClaim) {
		return func(testing.TB, *karpv1.NodeClaim) {
			w.Cloud.PutPlacementGroup(cloudaws.PlacementGroup{ID: id, Name: spreadGroup, Strategy: "spread"})
			w.Step(2 * time.Minute)
			w.resolve()
		}
	}
	return conformance.DriftCase{
		Reason: drift.PlacementGroupDrift,
		Needs: func(testing.TB) []karpv1.NodeSelectorRequirementWithMinValues {
			w.change(func(s *v1.EC2NodeClassSpec) {
				s.PlacementGroupSelector = &v1.PlacementGroupSelector{Name: aws.String(spreadGroup)}
			})
			return nil
		},
		Provoke: put("pg-0fedcba9876543210"),
		Revert:  put(w.Setup.PlacementGroups[0].ID),
	}
}
