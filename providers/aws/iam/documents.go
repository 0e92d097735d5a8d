// SPDX-License-Identifier: Apache-2.0

package iam

import "embed"

//go:embed policies trust node queue rules
var files embed.FS

// Document names one of the documents by its file.
type Document string

// The policies of the controller (AWS-421).
const (
	NodeLifecycle     Document = "policies/node-lifecycle.json"
	IAMIntegration    Document = "policies/iam-integration.json"
	EKSIntegration    Document = "policies/eks-integration.json"
	Interruption      Document = "policies/interruption.json"
	ZonalShift        Document = "policies/zonal-shift.json"
	ResourceDiscovery Document = "policies/resource-discovery.json"
)

// Who may assume the roles of nodes and controller, and what else nodes need
// (AWS-422).
const (
	NodeTrust                  Document = "trust/node.json"
	ControllerTrustPodIdentity Document = "trust/controller-pod-identity.json"
	ControllerTrustIRSA        Document = "trust/controller-irsa.json"
	// NodeManagedPolicies is a list of ARNs.
	NodeManagedPolicies Document = "node/managed-policies.json"
)

// The queue (AWS-422).
const (
	QueuePolicy Document = "queue/policy.json"
	// QueueAttributes are those beside the policy.
	QueueAttributes Document = "queue/attributes.json"
)

// The patterns of the EventBridge rules that send to the queue (AWS-387).
const (
	RuleSpotInterruption                Document = "rules/spot-interruption.json"
	RuleCapacityReservationInterruption Document = "rules/capacity-reservation-interruption.json"
	RuleRebalance                       Document = "rules/rebalance.json"
	RuleStateChange                     Document = "rules/state-change.json"
	RuleHealth                          Document = "rules/health.json"
)

// Policies are those of the controller. Without an interruption queue it does not
// need Interruption, nor ZonalShift with zonal shift switched off.
func Policies() []Document {
	return []Document{NodeLifecycle, IAMIntegration, EKSIntegration, Interruption, ZonalShift, ResourceDiscovery}
}

// Rules are the patterns of all rules.
func Rules() []Document {
	return []Document{RuleSpotInterruption, RuleCapacityReservationInterruption, RuleRebalance, RuleStateChange, RuleHealth}
}

// Documents are all there are.
func Documents() []Document {
	out := append(Policies(), NodeTrust, ControllerTrustPodIdentity, ControllerTrustIRSA, NodeManagedPolicies, QueuePolicy, QueueAttributes)
	return append(out, Rules()...)
}
