// SPDX-License-Identifier: Apache-2.0

package failure_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/test/cloudsim/fault"
)

const (
	plain  = cloudprovider.ClassOther
	ice    = cloudprovider.ClassInsufficientCapacity
	create = cloudprovider.ClassCreateError
)

// rowCase is how the cloud says something, and what that means.
type rowCase struct {
	row string
	// call: the call fails; else one override does.
	call bool
	says fault.Failure
	// lost: no answer at all. attempts: of the SDK; 0 is 1.
	lost     bool
	attempts int
	capacity string // default: on-demand
	class    cloudprovider.ErrorClass
	throttle bool
	reason   string
	message  string // a part of it
	marks    []string
}

const (
	onDemand = "capacityType=on-demand instanceType=m5.xlarge zone=us-west-2a"
	spot     = "capacityType=spot instanceType=m5.xlarge zone=us-west-2a"
)

func rowCases() []rowCase {
	out := []rowCase{
		{row: "no-answer", call: true, lost: true, class: plain, reason: "NoAnswer", message: "send failed"},
		{row: "retries-exhausted", call: true, says: fault.Failure{Code: "Unavailable"}, attempts: 3, class: plain, throttle: true, reason: "RequestLimitExceeded", message: "exceeded maximum number of attempts"},
		{row: "request-limit", call: true, says: fault.Failure{Code: "RequestLimitExceeded"}, class: plain, throttle: true, reason: "RequestLimitExceeded"},
		{row: "request-limit", says: fault.Failure{Code: "RequestLimitExceeded"}, class: plain, throttle: true, reason: "RequestLimitExceeded"},
		{row: "throttled", call: true, says: fault.Failure{Code: "EC2ThrottledException"}, class: plain, throttle: true, reason: "RequestLimitExceeded"},
		{row: "http-throttled", call: true, says: fault.Failure{Code: "Busy", Status: 429}, class: plain, throttle: true, reason: "RequestLimitExceeded"},
		{row: "internal-error", says: fault.Failure{Code: "InternalError"}, class: plain, reason: "InternalError"},
		{row: "http-server", call: true, says: fault.Failure{Code: "Unavailable"}, class: plain, reason: "InternalError"},
		{row: "unknown", call: true, says: fault.Failure{Code: "InvalidParameterCombination", Message: "these do not go together"}, class: create, reason: "LaunchFailed", message: "these do not go together"},

		{row: "spot-role", says: fault.Failure{Code: "AuthFailure.ServiceLinkedRoleCreationNotPermitted"}, capacity: "spot", class: ice, reason: "SpotSLRCreationFailed", marks: []string{"capacityType=spot"}},
		{row: "spot-role-call", says: fault.Failure{Code: "AuthFailure.ServiceLinkedRoleCreationNotPermitted"}, class: create, reason: "SpotSLRCreationFailed", message: "Spot ServiceLinkedRole"},

		{row: "different-networks", says: fault.Failure{Code: "InvalidParameter", Message: "sg-1 and subnet-1 belong to different networks"}, class: create, reason: "SecurityGroupSubnetVPCMismatch", message: "same VPC"},
		{row: "profile-parameter", says: fault.Failure{Code: "InvalidParameterValue", Message: "Value (p) for parameter iamInstanceProfile.name is invalid."}, class: create, reason: "InstanceProfileNameInvalid", message: "does not exist"},
		{row: "profile-name", says: fault.Failure{Code: "InvalidParameterValue", Message: "Invalid IAM Instance Profile name"}, class: create, reason: "InstanceProfileNameInvalid", message: "does not exist"},
		{row: "template-id", call: true, says: fault.Failure{Code: "InvalidLaunchTemplateId.NotFound"}, class: create, reason: "LaunchTemplateNotFound", message: "wasn't found"},
		{row: "template-name", call: true, says: fault.Failure{Code: "InvalidLaunchTemplateName.NotFoundException"}, class: create, reason: "LaunchTemplateNotFound", message: "wasn't found"},
		{row: "user-data", call: true, says: fault.Failure{Code: "InvalidUserData.Malformed", Message: "User data is limited to 16384 bytes"}, class: create, reason: "UserDataSizeLimitExceeded", message: "size limit"},
		{row: "image-malformed", says: fault.Failure{Code: "InvalidAMIID.Malformed"}, class: create, reason: "InvalidAMIID", message: "invalid"},
		{row: "image-gone", says: fault.Failure{Code: "InvalidAMIID.NotFound"}, class: create, reason: "AMINotFound", message: "does not exist"},
		{row: "free-tier", says: fault.Failure{Code: "InvalidParameterCombination", Message: "The type is not eligible for Free Tier."}, class: create, reason: "FreeTierIneligible", message: "Free Tier"},
		{row: "verification", says: fault.Failure{Code: "PendingVerification"}, class: create, reason: "AccountPendingVerification", message: "still being verified"},
		{row: "request-too-large", call: true, says: fault.Failure{Code: "RequestResourceCountExceeded"}, class: create, reason: "FleetRequestTooLarge", message: "too large"},
		{row: "request-too-large-entity", call: true, says: fault.Failure{Code: "RequestEntityTooLarge"}, class: create, reason: "FleetRequestTooLarge", message: "too large"},
		{row: "request-too-large-status", call: true, says: fault.Failure{Code: "Big", Status: 413}, class: create, reason: "FleetRequestTooLarge", message: "too large"},
		{row: "request-too-large-overrides", call: true, says: fault.Failure{Code: "InvalidParameterValue", Message: "The number of overrides exceeds the limit of 300"}, class: create, reason: "FleetRequestTooLarge", message: "too large"},

		{row: "spread-limit", says: fault.Failure{Code: "InsufficientInstanceCapacity", Message: "over the limit of instances in this spread placement group"}, class: ice, reason: "SpreadPlacementGroupFull"},
		{row: "subnet-full", says: fault.Failure{Code: "InsufficientFreeAddressesInSubnet"}, class: ice, reason: "InsufficientFreeAddressesInSubnet", message: "not enough free IP addresses", marks: []string{"network=<subnet>"}},
		{row: "price-too-low", says: fault.Failure{Code: "SpotMaxPriceTooLow"}, capacity: "spot", class: ice, reason: "SpotMaxPriceTooLow", marks: []string{spot}},
	}
	for _, c := range []struct{ row, code, reason, message, capacity, quota string }{
		{"fleet-quota", "MaxFleetCountExceeded", "FleetQuotaExceeded", "fleet request quota", "", ""},
		{"spot-quota", "MaxSpotInstanceCountExceeded", "SpotQuotaExceeded", "spot instance quota", "spot", "capacityType=spot family=standard minVCPUs=4"},
		{"vcpu-quota", "VcpuLimitExceeded", "VCPULimitExceeded", "VCPU quota", "", "capacityType=on-demand family=standard minVCPUs=4"},
		{"instance-quota", "InstanceLimitExceeded", "InstanceLimitExceeded", "", "", "capacityType=on-demand family=standard minVCPUs=4"},
		{"no-instances", "InsufficientInstanceCapacity", "InsufficientInstanceCapacity", "", "", ""},
		{"no-capacity", "InsufficientHostCapacity", "InsufficientCapacity", "", "", ""},
		{"no-fulfilment", "UnfulfillableCapacity", "UnfulfillableCapacity", "", "", ""},
		{"unsupported", "Unsupported", "Unsupported", "", "", ""},
		{"reservation", "ReservationCapacityExceeded", "ReservationCapacityExceeded", "", "", ""},
	} {
		says := fault.Failure{Code: c.code}
		marks := []string{onDemand}
		if c.capacity == "spot" {
			marks = []string{spot}
		}
		if c.quota != "" {
			marks = append(marks, c.quota)
		}
		out = append(out,
			rowCase{row: c.row, says: says, capacity: c.capacity, class: ice, reason: c.reason, message: c.message, marks: marks},
			rowCase{row: "reserved-" + c.row, says: says, capacity: "reserved", class: ice, reason: c.reason, message: c.message})
	}
	for _, kind := range []string{"UnauthorizedOperation", "AccessDenied", "AuthFailure"} {
		for _, c := range []struct{ row, says, reason, message string }{
			{"boundary", "no, with an explicit deny in a permissions boundary", "Unauthorized", "permission boundary"},
			{"control-policy", "no, with an explicit deny in a service control policy", "Unauthorized", "service control policy"},
			{"image", "Not authorized for images: [ami-1]", "AMIAuthorizationFailure", "AMI"},
			{"policy", "User: u is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:us-west-2::image/ami-1 because no identity-based policy allows the ec2:RunInstances action", "Unauthorized",
				"because no identity-based policy allows it: permission missing: ec2:RunInstances on arn:aws:ec2:us-west-2::image/ami-1"},
		} {
			out = append(out, rowCase{
				row: "unauthorized-" + c.row + "-" + kind, says: fault.Failure{Code: kind, Message: c.says},
				class: create, reason: c.reason, message: c.message,
			})
		}
	}
	return out
}

// AWS-293, AWS-300, AWS-302, AWS-430, AWS-431, AWS-434, AWS-439, AWS-441, AWS-442,
// AWS-443, AWS-444: each row, as the cloud says it over the wire; and no row without a case.
func TestRows(t *testing.T) {
	t.Parallel()
	covered := coverage(t)
	for _, c := range rowCases() {
		t.Run(c.row, func(t *testing.T) {
			l := newLauncher(t, failure.Over(covered), func(o *simtest.Options) { o.Attempts = max(1, c.attempts) })
			rule := fault.Rule{Call: "ec2:CreateFleet", Lost: c.lost}
			switch {
			case c.call && !c.lost:
				rule.Error = &c.says
			case !c.call:
				rule.Within = &c.says
			}
			l.account.Cloud.Faults().Add(rule)
			c.check(t, l.usual(cmp.Or(c.capacity, "on-demand")), l.account.Setup.Subnets[0].ID)
		})
	}
}

func (c rowCase) check(t *testing.T, v failure.Verdict, subnet string) {
	t.Helper()
	if v.Row != c.row || v.Reason != c.reason || v.Throttled != c.throttle || cloudprovider.ClassOf(v.Err) != c.class {
		t.Errorf("row %q, reason %q, throttled %t, class %d", v.Row, v.Reason, v.Throttled, cloudprovider.ClassOf(v.Err))
	}
	if v.Message == "" || !strings.Contains(v.Message, c.message) {
		t.Errorf("the message is %q", v.Message)
	}
	if e, ok := cloudprovider.AsCreateError(v.Err); ok && (e.Reason != v.Reason || e.Message != v.Message) {
		t.Errorf("the condition would be %s %q", e.Reason, e.Message)
	}
	var want []string
	for _, m := range c.marks {
		want = append(want, strings.ReplaceAll(m, "<subnet>", subnet))
	}
	if got := marks(v); !slices.Equal(got, want) {
		t.Errorf("it marks %q, not %q", got, want)
	}
	for name, got := range map[string]bool{
		"unfulfillable": v.Unfulfillable() != (c.class == ice),
		"template":      v.TemplateGone() != strings.HasPrefix(c.row, "template-"),
		"subnet":        v.SubnetFull() != (c.row == "subnet-full"),
		"reservation":   v.ReservationUsedUp() != strings.HasPrefix(c.row, "reserved-"),
		"too large":     v.TooLarge() != strings.HasPrefix(c.row, "request-too-large"),
	} {
		if got {
			t.Errorf("the answer about %s is wrong", name)
		}
	}
}
