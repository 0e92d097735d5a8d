// SPDX-License-Identifier: Apache-2.0

package v1

// SubnetSelectorTerm selects subnets: those that all of its keys match.
type SubnetSelectorTerm struct {
	// Tags that the subnet has. The value * matches any value; other wildcards are
	// those of EC2's filters.
	// +kubebuilder:validation:MaxProperties:=20
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) > 0 && size(self[k]) > 0)",message="neither keys nor values of tags may be empty; the value * matches any"
	// +optional
	Tags map[string]string `json:"tags,omitempty"`
	// ID of the subnet. Wins over tags.
	// +kubebuilder:validation:Pattern:=`^subnet-[0-9a-z]+$`
	// +optional
	ID string `json:"id,omitempty"`
}

// SecurityGroupSelectorTerm selects security groups: those that all of its keys
// match.
type SecurityGroupSelectorTerm struct {
	// Tags that the security group has. The value * matches any value; other
	// wildcards are those of EC2's filters.
	// +kubebuilder:validation:MaxProperties:=20
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) > 0 && size(self[k]) > 0)",message="neither keys nor values of tags may be empty; the value * matches any"
	// +optional
	Tags map[string]string `json:"tags,omitempty"`
	// ID of the security group. Wins over the other keys.
	// +kubebuilder:validation:Pattern:=`^sg-[0-9a-z]+$`
	// +optional
	ID string `json:"id,omitempty"`
	// Name is the group's name, which is not its tag Name. Wins over tags.
	// +optional
	Name string `json:"name,omitempty"`
}

// CapacityReservationSelectorTerm selects capacity reservations: those that all
// of its keys match.
type CapacityReservationSelectorTerm struct {
	// Tags that the reservation has. The value * matches any value; other wildcards
	// are those of EC2's filters.
	// +kubebuilder:validation:MaxProperties:=20
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) > 0 && size(self[k]) > 0)",message="neither keys nor values of tags may be empty; the value * matches any"
	// +optional
	Tags map[string]string `json:"tags,omitempty"`
	// ID of the reservation. Wins over the other keys.
	// +kubebuilder:validation:Pattern:=`^cr-[0-9a-z]+$`
	// +optional
	ID string `json:"id,omitempty"`
	// OwnerID is the account that owns the reservation, 12 digits. Unset means any
	// account that shares with this one.
	// +kubebuilder:validation:Pattern:=`^[0-9]{12}$`
	// +optional
	OwnerID string `json:"ownerID,omitempty"`
	// InstanceMatchCriteria is open for reservations that any matching machine
	// uses, targeted for those that only machines sent into them use. Unset means
	// both.
	// +kubebuilder:validation:Enum:={open,targeted}
	// +optional
	InstanceMatchCriteria string `json:"instanceMatchCriteria,omitempty"`
}

// PlacementGroupSelector selects a placement group by exactly one of its keys.
//
// +kubebuilder:validation:XValidation:rule="has(self.name) != has(self.id)",message="placementGroupSelector needs exactly one of name and id"
type PlacementGroupSelector struct {
	// Name of the placement group.
	// +kubebuilder:validation:MinLength:=1
	// +optional
	Name *string `json:"name,omitempty"`
	// ID of the placement group.
	// +kubebuilder:validation:Pattern:=`^pg-[0-9a-z]+$`
	// +optional
	ID *string `json:"id,omitempty"`
}

// AMISelectorTerm selects images: those that all of its keys match.
type AMISelectorTerm struct {
	// Alias is a family and a version, such as al2023@v20250116 or
	// bottlerocket@latest. The family is one of al2, al2023, bottlerocket,
	// windows2019, windows2022 and windows2025. The version latest follows the
	// newest image, whose release drifts nodes; for Windows there is no other.
	// +kubebuilder:validation:MaxLength:=30
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9]+@.+$')",message="alias must be a family and a version, as in al2023@latest"
	// +kubebuilder:validation:XValidation:rule="!self.matches('^[a-zA-Z0-9]+@.+$') || self.find('^[^@]+') in ['al2', 'al2023', 'bottlerocket', 'windows2019', 'windows2022', 'windows2025']",message="the family of an alias must be one of al2, al2023, bottlerocket, windows2019, windows2022, windows2025"
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('windows') || self.find('@.+$') == '@latest'",message="the version of an alias of Windows must be latest"
	// +optional
	Alias string `json:"alias,omitempty"`
	// Tags that the image has. The value * matches any value; other wildcards are
	// those of EC2's filters.
	// +kubebuilder:validation:MaxProperties:=20
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) > 0 && size(self[k]) > 0)",message="neither keys nor values of tags may be empty; the value * matches any"
	// +optional
	Tags map[string]string `json:"tags,omitempty"`
	// ID of the image.
	// +kubebuilder:validation:Pattern:=`^ami-[0-9a-z]+$`
	// +optional
	ID string `json:"id,omitempty"`
	// Name is the image's name, which is not its tag Name. It may have the wildcards
	// of EC2's filters.
	// +optional
	Name string `json:"name,omitempty"`
	// Owner is the account that owns the image: its number, self, or an alias of AWS
	// such as amazon. Unset means self and amazon for names, and any for tags.
	// +optional
	Owner string `json:"owner,omitempty"`
	// SSMParameter is the name or ARN of a parameter of the Systems Manager whose
	// value is the ID of an image.
	// +optional
	SSMParameter string `json:"ssmParameter,omitempty"`
}
