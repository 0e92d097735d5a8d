// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"slices"
	"time"

	"karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/errortable"
)

// TTL is how long marks of failed launches last (AWS-235).
const TTL = 3 * time.Minute

// Names of rows that a launch acts on beyond error and marks.
const (
	// RowSubnetFull: the subnet has no free address (AWS-131, AWS-293).
	RowSubnetFull = "subnet-full"
	// RowSpotRole: an event is published on the NodeClaim (AWS-293).
	RowSpotRole = "spot-role"
	// RowSpreadLimit: the spread group is full in the zone, its reservation is not.
	RowSpreadLimit = "spread-limit"
	// RowTooLarge: the request may succeed with fewer overrides (AWS-434).
	RowTooLarge = "request-too-large"
	// RowTemplateID: the launch template is gone, told by its ID (AWS-292).
	RowTemplateID = "template-id"
	// RowTemplateName is the same, told by its name.
	RowTemplateName = "template-name"

	// profilePrefix begins the rows of an instance profile that is refused (AWS-342).
	profilePrefix = "profile"
)

const (
	ice    = cloudprovider.ClassInsufficientCapacity
	create = cloudprovider.ClassCreateError
	plain  = cloudprovider.ClassOther
)

// Rows are what failures of launches mean, the first that matches decides (AWS-439).
// Rows by the text of an error come before those by its code alone, as in AWS-302.
func Rows() []errortable.Row {
	return slices.Concat(passing(), permissions(), requests(), capacity(), last())
}

// passing are failures of the moment: plain errors that mark nothing, tried again with
// back-off (AWS-431, CP-044).
func passing() []errortable.Row {
	return []errortable.Row{
		{Name: "no-answer", When: code(codeNoAnswer), Class: plain, Reason: "NoAnswer"},
		{Name: "retries-exhausted", When: code(codeExhausted), Class: plain, Throttled: true, Reason: "RequestLimitExceeded"},
		{Name: "request-limit", When: text("RequestLimitExceeded"), Class: plain, Throttled: true, Reason: "RequestLimitExceeded"},
		{Name: "throttled", When: code("*Throttl*"), Class: plain, Throttled: true, Reason: "RequestLimitExceeded"},
		{Name: "http-throttled", When: errortable.Match{Status: 429}, Class: plain, Throttled: true, Reason: "RequestLimitExceeded"},
		{Name: "internal-error", When: text("InternalError"), Class: plain, Reason: "InternalError"},
	}
}

// requests are mistakes in what was asked for: trying it again changes nothing.
func requests() []errortable.Row {
	refused := func(name string, when errortable.Match, reason, message string) errortable.Row {
		return errortable.Row{Name: name, When: when, Class: create, Reason: reason, Message: message}
	}
	const profile = "Instance profile name used from EC2NodeClass status does not exist"
	const template = "Launch template used for instance launch wasn't found"
	const large = "The fleet request is too large even with a single override"
	return []errortable.Row{
		refused("different-networks", text("InvalidParameter", "belong to different networks"), "SecurityGroupSubnetVPCMismatch",
			"Security groups and subnets must be in the same VPC."),
		refused(profilePrefix+"-parameter", text("iamInstanceProfile.name is invalid"), "InstanceProfileNameInvalid", profile),
		refused(profilePrefix+"-name", text("Invalid IAM Instance Profile name"), "InstanceProfileNameInvalid", profile),
		refused(RowTemplateID, text("InvalidLaunchTemplateId.NotFound"), "LaunchTemplateNotFound", template),
		refused(RowTemplateName, text("InvalidLaunchTemplateName.NotFound"), "LaunchTemplateNotFound", template),
		refused("user-data", text(userDataLimit), "UserDataSizeLimitExceeded", "Rendered user data exceeds the EC2 user data size limit"),
		refused("image-malformed", text("InvalidAMIID.Malformed"), "InvalidAMIID", "AMI used for instance launch is invalid"),
		refused("image-gone", text("InvalidAMIID.NotFound"), "AMINotFound",
			"AMI used for instance launch either does not exist or you don't have permissions to use it"),
		refused("free-tier", text("not eligible for Free Tier"), "FreeTierIneligible",
			"The specified instance type is not eligible for Free Tier"),
		refused("verification", text("PendingVerification"), "AccountPendingVerification",
			"An instance launch was requested but the request for launching resources in this region is still being verified"),
		refused(RowTooLarge, code("RequestResourceCountExceeded"), "FleetRequestTooLarge", large),
		refused(RowTooLarge+"-entity", code("RequestEntityTooLarge*"), "FleetRequestTooLarge", large),
		refused(RowTooLarge+"-status", errortable.Match{Status: 413}, "FleetRequestTooLarge", large),
		refused(RowTooLarge+"-overrides", text("number of overrides", "exceed"), "FleetRequestTooLarge", large),
	}
}

// last are the rows for what no row knows (KIT-061). The message is the cloud's own.
func last() []errortable.Row {
	return []errortable.Row{
		{Name: "http-server", When: errortable.Match{Status: 500, StatusTo: 599}, Class: plain, Reason: "InternalError"},
		{Name: "unknown", Class: create, Reason: cloudprovider.ReasonLaunchFailed},
	}
}

func code(c string) errortable.Match { return errortable.Match{Code: c} }

func text(t ...string) errortable.Match { return errortable.Match{Texts: t} }

// spotOnly restricts a row to attempts at spot.
func spotOnly(m errortable.Match) errortable.Match {
	m.CapacityType = v1.CapacityTypeSpot
	return m
}
