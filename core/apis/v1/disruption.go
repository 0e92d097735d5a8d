// SPDX-License-Identifier: Apache-2.0

package v1

// Disruption says when and how fast the nodes of a pool may be disrupted.
type Disruption struct {
	// ConsolidateAfter is how long a node must have been quiet, counted from its
	// last pod event, before it is consolidated. Never turns consolidation off.
	// +kubebuilder:default:="0s"
	// +kubebuilder:validation:Pattern:=`^(([0-9]+(s|m|h))+|Never)$`
	// +optional
	ConsolidateAfter NillableDuration `json:"consolidateAfter,omitempty"`
	// ConsolidationPolicy says which nodes consolidation may touch.
	// +kubebuilder:default:="WhenEmptyOrUnderutilized"
	// +kubebuilder:validation:Enum:={WhenEmpty,WhenEmptyOrUnderutilized,Balanced}
	// +optional
	ConsolidationPolicy ConsolidationPolicy `json:"consolidationPolicy,omitempty"`
	// Budgets bound how many nodes are disrupted at the same time. The strictest
	// active budget wins. An empty list sets no bound.
	// +kubebuilder:default:={{nodes: "10%"}}
	// +kubebuilder:validation:MaxItems:=50
	// +kubebuilder:validation:XValidation:rule="self.all(b, has(b.schedule) == has(b.duration))",message="schedule and duration must be set together"
	// +listType=atomic
	// +optional
	Budgets []Budget `json:"budgets,omitzero"`
}

// ConsolidationPolicy says which nodes consolidation may touch.
type ConsolidationPolicy string

const (
	// ConsolidationPolicyWhenEmpty removes nodes without pods only.
	ConsolidationPolicyWhenEmpty ConsolidationPolicy = "WhenEmpty"
	// ConsolidationPolicyWhenEmptyOrUnderutilized also removes or replaces nodes
	// whose pods fit elsewhere at a lower price. It is the default.
	ConsolidationPolicyWhenEmptyOrUnderutilized ConsolidationPolicy = "WhenEmptyOrUnderutilized"
	// ConsolidationPolicyBalanced weighs the saving against the pods it moves.
	ConsolidationPolicyBalanced ConsolidationPolicy = "Balanced"
)

// DisruptionReason is a voluntary reason to disrupt a node.
//
// +kubebuilder:validation:Enum:={Underutilized,Empty,Drifted}
type DisruptionReason string

const (
	// DisruptionReasonUnderutilized means that the node's pods fit elsewhere at a
	// lower price.
	DisruptionReasonUnderutilized DisruptionReason = "Underutilized"
	// DisruptionReasonEmpty means that the node runs no pod worth keeping it for.
	DisruptionReasonEmpty DisruptionReason = "Empty"
	// DisruptionReasonDrifted means that the node no longer matches its NodePool
	// or NodeClass.
	DisruptionReasonDrifted DisruptionReason = "Drifted"
)

// Budget bounds how many nodes of a pool are disrupted at the same time, always
// or in recurring windows.
type Budget struct {
	// Reasons are the reasons that the budget covers. Unset or empty covers all.
	// +kubebuilder:validation:MaxItems:=50
	// +listType=set
	// +optional
	Reasons []DisruptionReason `json:"reasons,omitzero"`
	// Nodes is the greatest number of nodes, or share of the pool's nodes in
	// percent (rounded up), that may be disrupted at the same time.
	// +kubebuilder:default:="10%"
	// +kubebuilder:validation:Pattern:=`^((100|[0-9]{1,2})%|[0-9]+)$`
	// +required
	Nodes string `json:"nodes"`
	// Schedule is the start of each window in which the budget is active: five
	// cron fields or a descriptor such as @daily, in UTC. Together with Duration.
	// +kubebuilder:validation:Pattern:=`^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\s(.+)\s(.+)\s(.+)\s(.+))$`
	// +optional
	Schedule string `json:"schedule,omitempty"`
	// Duration is the length of each window, in hours and minutes. Together with
	// Schedule.
	// +kubebuilder:validation:Pattern:=`^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$`
	// +optional
	Duration Duration `json:"duration,omitempty"`
}
