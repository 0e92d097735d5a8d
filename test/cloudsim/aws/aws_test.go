// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/model"
	"karpenter.sh/test/cloudsim/world"
)

// SIM-003: each call has a model and a handler.
func TestCallsHaveModelsAndHandlers(t *testing.T) {
	services, err := model.AWS()
	if err != nil {
		t.Fatal(err)
	}
	handled := map[string]bool{}
	for _, call := range newClient(t).Calls() {
		handled[call] = true
	}
	for name, s := range services {
		for call := range s.Operations {
			if !handled[name+":"+call] {
				t.Errorf("%s:%s has a model and no handler", name, call)
			}
			delete(handled, name+":"+call)
		}
	}
	if len(handled) > 0 {
		t.Errorf("handlers without a model: %v", handled)
	}
}

// SIM-027: byte for byte.
func TestAnswersAreReproducible(t *testing.T) {
	transcript := func() string {
		c := newClient(t)
		out, _ := c.ec2("CreateFleet", fleet(c.template("karpenter/1"), "m5.large", "spot", 3, 3)...)
		c.clock.Step(time.Minute)
		for _, call := range []string{"DescribeInstances", "DescribeSpotPriceHistory", "DescribeSubnets", "DescribeLaunchTemplates", "DescribeImages"} {
			body, _ := c.ec2(call)
			out += body
		}
		return out
	}
	if one, two := transcript(), transcript(); one != two {
		t.Error("two runs of the same calls differ")
	}
}

// SIM-030: a launch that fails gives back what it took.
func TestFailedLaunchesLeaveNothingBehind(t *testing.T) {
	c := newClient(t, func(o *aws.Options) {
		o.Setup.PlacementGroups = []aws.PlacementGroup{{ID: "pg-0a", Name: "spread", Strategy: "spread"}}
		o.Setup.Reservations = []aws.Reservation{{ID: "cr-0a", Type: "m5.large", Zone: "us-west-2a", Count: 1, Match: "targeted"}}
	})
	subnet := aws.DefaultSetup("c1").Subnets[0].ID
	target := "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId=cr-0a"
	group := "Placement.GroupId=pg-0a"
	if err := c.BlockAddresses(subnet, 0); err != nil {
		t.Fatal(err)
	}
	pool := world.Pool{Type: "m5.large", Zone: "us-west-2a", Capacity: "on-demand"}
	before, used := c.Stock().Left(pool), c.Quotas().Used(aws.QuotaOnDemand)
	for _, template := range []string{c.template("plain", group), c.template("reserved", target, group)} {
		for range 10 { // more often than the group and the reservation have room
			if _, code := c.ec2("CreateFleet", fleet(template, "m5.large", "on-demand", 1, 1)...); code != "InsufficientFreeAddressesInSubnet" {
				t.Fatalf("without a free address: %q", code)
			}
		}
	}
	if c.Stock().Left(pool) != before || c.Quotas().Used(aws.QuotaOnDemand) != used {
		t.Errorf("stock %d, was %d; quota used %d", c.Stock().Left(pool), before, c.Quotas().Used(aws.QuotaOnDemand))
	}
	if body, _ := c.ec2("DescribeCapacityReservations"); !strings.Contains(body, "<availableInstanceCount>1<") {
		t.Error("the reservation lost its place")
	}
}

// SIM-030: what ends gives back once; what is reclaimed keeps its capacity.
func TestEndingGivesBack(t *testing.T) {
	c := newClient(t)
	pool := world.Pool{Type: "m5.large", Zone: "us-west-2a", Capacity: "spot"}
	before := c.Stock().Left(pool)
	body, _ := c.ec2("CreateFleet", fleet(c.template("karpenter/1"), "m5.large", "spot", 2, 1)...)
	launched := ids(body)
	if c.Stock().Left(pool) != before-2 || c.Quotas().Used(aws.QuotaSpot) != 4 {
		t.Fatalf("stock %d of %d, quota used %d", c.Stock().Left(pool), before, c.Quotas().Used(aws.QuotaSpot))
	}
	c.ec2("TerminateInstances", "InstanceId.1="+launched[0])
	c.ec2("TerminateInstances", "InstanceId.1="+launched[0])
	if err := c.Reclaim(launched[1]); err != nil {
		t.Fatal(err)
	}
	if err := c.Reclaim(launched[1]); err == nil {
		t.Error("an instance is reclaimed twice")
	}
	if c.Quotas().Used(aws.QuotaSpot) != 4 {
		t.Error("what shuts down still counts")
	}
	c.clock.Step(2 * time.Hour)
	c.Settle()
	if c.Stock().Left(pool) != before-1 || c.Quotas().Used(aws.QuotaSpot) != 0 || c.Agenda().Waiting() != 0 {
		t.Errorf("stock %d of %d, quota used %d, %d events wait", c.Stock().Left(pool), before, c.Quotas().Used(aws.QuotaSpot), c.Agenda().Waiting())
	}
}

// SIM-053
func TestReservations(t *testing.T) {
	end := time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)
	c := newClient(t, func(o *aws.Options) {
		o.Setup.Reservations = []aws.Reservation{
			{ID: "cr-0a", Type: "m5.large", Zone: "us-west-2a", Count: 1, Match: "targeted", End: &end},
			{ID: "cr-0b", Type: "c5.large", Zone: "us-west-2a", Count: 1, Match: "open"},
		}
	})
	at := "CapacityReservationSpecification."
	targeted := c.template("targeted", at+"CapacityReservationPreference=capacity-reservations-only", at+"CapacityReservationTarget.CapacityReservationId=cr-0a")
	none, free := c.template("none", at+"CapacityReservationPreference=none"), c.template("free")
	tests := []struct{ reason, template, kind, code, reservation string }{
		{"a place is there", targeted, "m5.large", "", "cr-0a"},
		{"it is taken", targeted, "m5.large", "ReservationCapacityExceeded", ""},
		{"another type", targeted, "c5.large", "InvalidParameterValue", ""},
		{"who wants none gets none", none, "c5.large", "", ""},
		{"who says nothing gets an open one", free, "c5.large", "", "cr-0b"},
		{"and else an ordinary machine", free, "c5.large", "", ""},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			body, code := c.ec2("CreateFleet", fleet(tc.template, tc.kind, "on-demand", 1, 1)...)
			if code != tc.code {
				t.Fatalf("code %q\n%s", code, body)
			}
			if launched := ids(body); len(launched) > 0 {
				told, _ := c.ec2("DescribeInstances", "InstanceId.1="+launched[0])
				if got := strings.Contains(told, "<capacityReservationId>"+tc.reservation+"</capacityReservationId><"); tc.reservation != "" && !got {
					t.Errorf("instance is not in %s:\n%s", tc.reservation, told)
				}
				if tc.reservation == "" && strings.Contains(told, "<capacityReservationId>") {
					t.Errorf("instance is in a reservation:\n%s", told)
				}
			}
		})
	}
	c.clock.SetTime(end)
	if body, _ := c.ec2("DescribeCapacityReservations", "Filter.1.Name=state", "Filter.1.Value.1=active"); strings.Contains(body, "cr-0a") {
		t.Error("a reservation is active after its end")
	}
}

// SIM-053
func TestPlacementGroups(t *testing.T) {
	c := newClient(t, func(o *aws.Options) {
		o.Setup.PlacementGroups = []aws.PlacementGroup{
			{ID: "pg-0a", Name: "spread", Strategy: "spread"}, {ID: "pg-0b", Name: "parts", Strategy: "partition", Partitions: 2},
			{ID: "pg-0c", Name: "close", Strategy: "cluster"},
		}
	})
	body, code := c.ec2("CreateFleet", fleet(c.template("spread", "Placement.GroupId=pg-0a"), "m5.large", "on-demand", 8, 1)...)
	if len(ids(body)) != 7 || code != "InsufficientInstanceCapacity" || !strings.Contains(body, "limit of instances in this spread placement group") {
		t.Errorf("%d instances, then %q", len(ids(body)), code)
	}
	body, _ = c.ec2("CreateFleet", fleet(c.template("parts", "Placement.GroupName=parts"), "m5.large", "on-demand", 3, 1)...)
	counts := map[string]int{}
	for _, id := range ids(body) {
		told, _ := c.ec2("DescribeInstances", "InstanceId.1="+id)
		counts[regexp.MustCompile(`<partitionNumber>(\d)`).FindStringSubmatch(told)[1]]++
	}
	if counts["1"] != 2 || counts["2"] != 1 {
		t.Errorf("partitions %v", counts)
	}
	for template, want := range map[string]string{
		c.template("fourth", "Placement.GroupId=pg-0b", "Placement.PartitionNumber=3"): "InvalidParameterValue",
		c.template("unknown", "Placement.GroupId=pg-0f"):                               "InvalidPlacementGroup.Unknown",
	} {
		if _, code := c.ec2("CreateFleet", fleet(template, "m5.large", "on-demand", 1, 1)...); code != want {
			t.Errorf("code %q, want %q", code, want)
		}
	}
	if _, code := c.ec2("CreateFleet", fleet(c.template("close", "Placement.GroupId=pg-0c"), "t3.large", "on-demand", 1, 1)...); code != "InvalidParameterCombination" {
		t.Errorf("a burstable type in a cluster group: %q", code)
	}
}

// SIM-032, SIM-036: what a template or a request may not say.
func TestRefusals(t *testing.T) {
	c := newClient(t, func(o *aws.Options) {
		o.Setup.SecurityGroups = append(o.Setup.SecurityGroups, aws.SecurityGroup{ID: "sg-0other", Name: "other", VPC: "vpc-other"})
	})
	good := c.template("good")
	launch := func(data ...string) func() string {
		return func() string {
			_, code := c.ec2("CreateFleet", fleet(c.template(fmt.Sprintf("template-%d", c.Journal().Total()), data...), "m5.large", "on-demand", 1, 1)...)
			return code
		}
	}
	change := func(from, to string) func() string {
		return func() string {
			parameters := fleet(good, "m5.large", "on-demand", 1, 1)
			for i, p := range parameters {
				parameters[i] = strings.Replace(p, from, to, 1)
			}
			_, code := c.ec2("CreateFleet", parameters...)
			return code
		}
	}
	tests := []struct {
		reason string
		code   string
		call   func() string
	}{
		{"a fleet that is maintained", "Unsupported", change("Type=instant", "Type=maintain")},
		{"a version that there is not", "InvalidLaunchTemplateId.VersionNotFound", change("$Latest", "7")},
		{"a subnet that there is not", "InvalidSubnetID.NotFound", change("SubnetId=subnet-", "SubnetId=subnet-no")},
		{"a type that there is not", "InvalidParameterValue", change("m5.large", "z9.large")},
		{"an architecture that the image is not for", "InvalidParameterValue", change("m5.large", "m6g.large")},
		{"reserved tags", "InvalidParameterValue", change("Tag.1.Key=kubernetes.io/cluster/c1", "Tag.1.Key=aws:mine")},
		{"a tag twice", "InvalidParameterValue", change("Tag.2.Key=eks:eks-cluster-name", "Tag.2.Key=kubernetes.io/cluster/c1")},
		{"a profile that there is not", "InvalidParameterValue", launch("IamInstanceProfile.Name=nobody")},
		{"a group of another network", "InvalidParameter", launch("NetworkInterface.1.SecurityGroupId.2=sg-0other")},
		{"a card that the type lacks", "InvalidParameterValue", launch("NetworkInterface.2.NetworkCardIndex=1")},
		{"EFA that the type lacks", "AttachmentLimitExceeded", launch("NetworkInterface.2.InterfaceType=efa-only")},
		{"a public address with two interfaces", "InvalidParameterCombination", launch("NetworkInterface.2.DeviceIndex=1", "NetworkInterface.1.AssociatePublicIpAddress=true")},
		{"an image that there is not", "InvalidAMIID.NotFound", launch("ImageId=ami-0")},
		{"no image ID", "InvalidAMIID.Malformed", launch("ImageId=image")},
		{"user data that is too large", "InvalidUserData.Malformed", func() string {
			_, code := c.ec2("CreateLaunchTemplate", "LaunchTemplateName=large", "LaunchTemplateData.UserData="+strings.Repeat("AAAA", 16384/3+1))
			return code
		}},
		{"an instance ID that is none", "InvalidInstanceID.Malformed", func() string { _, code := c.ec2("TerminateInstances", "InstanceId.1=i-1"); return code }},
		{"tagging what there is not", "InvalidInstanceID.NotFound", func() string {
			_, code := c.ec2("CreateTags", "ResourceId.1=i-00000000000000000", "Tag.1.Key=a", "Tag.1.Value=b")
			return code
		}},
		{"a list by IDs in pages", "InvalidParameterCombination", func() string {
			_, code := c.ec2("DescribeInstances", "InstanceId.1=i-00000000000000000", "MaxResults=5")
			return code
		}},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			if got := tc.call(); got != tc.code {
				t.Errorf("code %q, want %q", got, tc.code)
			}
		})
	}
	if n := len(c.Summary()["instances"].(map[string]int)); n != 0 {
		t.Errorf("%d instances were launched", n)
	}
}

// SIM-022: tags and templates are late, too.
func TestLateTagsAndTemplates(t *testing.T) {
	c := newClient(t)
	body, _ := c.ec2("CreateFleet", fleet(c.template("one"), "m5.large", "spot", 1, 1)...)
	id := ids(body)[0]
	c.Lag("tags", time.Second)
	c.Lag("launch-template", time.Second)
	c.ec2("CreateTags", "ResourceId.1="+id, "Tag.1.Key=Name", "Tag.1.Value=late")
	fresh := c.template("two")
	named := func() bool { body, _ := c.ec2("DescribeInstances"); return strings.Contains(body, ">late<") }
	launched := func() string { _, code := c.ec2("CreateFleet", fleet(fresh, "m5.large", "spot", 1, 1)...); return code }
	if body, _ := c.ec2("DescribeInstances", "Filter.1.Name=tag-key", "Filter.1.Value.1=karpenter.sh/nodepool"); len(ids(body)) != 1 {
		t.Error("tags that were there before cannot be read while new ones are late")
	}
	if named() || launched() != "InvalidLaunchTemplateId.NotFound" {
		t.Error("what was just written can be read")
	}
	c.clock.Step(time.Second)
	if !named() || launched() != "" {
		t.Error("what was written cannot be read after the delay")
	}
}

func documented(t *testing.T) func(*aws.Options) {
	t.Helper()
	policy, err := os.ReadFile("testdata/policy.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(o *aws.Options) {
		o.Setup.Identities = []aws.Identity{
			{AccessKey: "AK", Role: "controller", Policies: []json.RawMessage{policy}},
			{AccessKey: "ADMIN", Role: "admin"},
		}
	}
}

// SIM-040: errors within an answer, of the overrides that a rule is about.
func TestFaultsWithinFleets(t *testing.T) {
	c := newClient(t)
	template := c.template("karpenter/1")
	first := aws.DefaultSetup("c1").Subnets[0].ID
	rules, err := fault.Parse([]byte(`[{"call": "ec2:CreateFleet", "match": {"SubnetId": "`+first+`"}, "times": 1,
		"within": {"code": "PendingVerification", "message": "being verified"}}]`), c.Calls())
	if err != nil {
		t.Fatal(err)
	}
	c.Faults().Add(rules...)
	body, code := c.ec2("CreateFleet", fleet(template, "m5.large", "on-demand", 1, 2)...)
	if code != "PendingVerification" || len(ids(body)) != 1 || !strings.Contains(body, "being verified") {
		t.Errorf("code %q, instances %v", code, ids(body))
	}
}

// SIM-032: who pays too little gets no spot machine.
func TestSpotPriceLimits(t *testing.T) {
	c := newClient(t)
	request := fleet(c.template("karpenter/1"), "m5.large", "spot", 1, 1)
	if _, code := c.ec2("CreateFleet", append(request, "LaunchTemplateConfigs.1.Overrides.1.MaxPrice=0.0001")...); code != "SpotMaxPriceTooLow" {
		t.Errorf("code %q", code)
	}
	if _, code := c.ec2("CreateFleet", append(request, "LaunchTemplateConfigs.1.Overrides.1.MaxPrice=1")...); code != "" {
		t.Errorf("code %q", code)
	}
}

// SIM-044: AWS-421 is enough, and no more.
func TestDocumentedPolicies(t *testing.T) {
	c := newClient(t, documented(t))
	ifaces := []string{"TagSpecification.1.ResourceType=network-interface"}
	ifaces = append(ifaces, tags(1, "network-interface")[1:]...)
	ifaces = append(ifaces, tags(2, "spot-instances-request")...)
	own := c.template("own", ifaces...)
	body, code := c.ec2("CreateFleet", fleet(own, "m5.large", "spot", 1, 3)...)
	if code != "" || len(ids(body)) != 1 {
		t.Fatalf("with all tags: %q\n%s", code, body)
	}
	mine := ids(body)[0]
	c.key = "ADMIN"
	foreign := c.template("foreign")
	other, _ := c.ec2("CreateFleet", fleet(foreign, "m5.large", "on-demand", 1, 1)[:7]...)
	theirs := ids(other)[0]
	c.key = "AK"
	untagged := fleet(own, "m5.large", "spot", 1, 1)[:7]
	profile := []string{"InstanceProfileName=c1_1"}
	for i, tag := range []string{"kubernetes.io/cluster/c1=owned", "eks:eks-cluster-name=c1", "topology.kubernetes.io/region=us-west-2", "karpenter.k8s.aws/ec2nodeclass=default"} {
		key, value, _ := strings.Cut(tag, "=")
		n := string(rune('1' + i))
		profile = append(profile, "Tags.member."+n+".Key="+key, "Tags.member."+n+".Value="+value)
	}
	ec2 := func(call string, parameters ...string) func() string {
		return func() string { _, code := c.ec2(call, parameters...); return code }
	}
	iam := func(call string, parameters ...string) func() string {
		return func() string { return c.iam(call, parameters...) }
	}
	tests := []struct {
		reason, code string
		call         func() string
	}{
		{"a fleet without tags", "UnauthorizedOperation", ec2("CreateFleet", untagged...)},
		{"a dry run without tags", "UnauthorizedOperation", ec2("CreateFleet", append(untagged, "DryRun=true")...)},
		{"a template without tags", "UnauthorizedOperation", ec2("CreateLaunchTemplate", "LaunchTemplateName=bare", "LaunchTemplateData.InstanceType=m5.large")},
		{"its own instance may be named", "", ec2("CreateTags", "ResourceId.1="+mine, "Tag.1.Key=Name", "Tag.1.Value=n")},
		{"but not tagged at will", "UnauthorizedOperation", ec2("CreateTags", "ResourceId.1="+mine, "Tag.1.Key=team", "Tag.1.Value=n")},
		{"nor another's be named", "UnauthorizedOperation", ec2("CreateTags", "ResourceId.1="+theirs, "Tag.1.Key=Name", "Tag.1.Value=n")},
		{"nor ended", "UnauthorizedOperation", ec2("TerminateInstances", "InstanceId.1="+theirs)},
		{"its own may be ended", "", ec2("TerminateInstances", "InstanceId.1="+mine)},
		{"its own template may be deleted", "", ec2("DeleteLaunchTemplate", "LaunchTemplateId="+own)},
		{"everything may be listed", "", ec2("DescribeSubnets", "MaxResults=5")},
		{"a profile without tags", "AccessDenied", iam("CreateInstanceProfile", "InstanceProfileName=c1_0")},
		{"a profile with tags", "", iam("CreateInstanceProfile", profile...)},
		{"a role may be put in", "", iam("AddRoleToInstanceProfile", "InstanceProfileName=c1_1", "RoleName=KarpenterNodeRole-c1")},
		{"and taken out", "", iam("RemoveRoleFromInstanceProfile", "InstanceProfileName=c1_1", "RoleName=KarpenterNodeRole-c1")},
		{"but no other role", "AccessDenied", iam("AddRoleToInstanceProfile", "InstanceProfileName=c1_1", "RoleName=Administrator")},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			if got := tc.call(); got != tc.code {
				t.Errorf("code %q, want %q", got, tc.code)
			}
		})
	}
	c.key = "STRANGER"
	if _, code := c.ec2("DescribeSubnets"); code != "AuthFailure" {
		t.Errorf("who is unknown: %q", code)
	}
}

// SIM-074
func TestGrantsAreRemembered(t *testing.T) {
	c := newClient(t, documented(t))
	c.ec2("DescribeSubnets", "MaxResults=5")
	c.template("own")
	c.ec2("CreateLaunchTemplate", "LaunchTemplateName=bare", "LaunchTemplateData.InstanceType=m5.large")
	var got []string
	for _, e := range c.Journal().Entries("", 0) {
		got = append(got, strings.Join(e.Grants, ", "))
	}
	if want := []string{
		"Discovery ec2:DescribeSubnets", "NodeLifecycleCreation ec2:CreateLaunchTemplate, NodeLifecycleTaggingAtCreation ec2:CreateTags", "",
	}; !slices.Equal(got, want) {
		t.Errorf("grants %q", got)
	}
}

// SIM-075
func TestPermissions(t *testing.T) {
	c := newClient(t, documented(t))
	before := len(c.Permissions()[1].Unused)
	c.ec2("DescribeSubnets", "MaxResults=5")
	c.Faults().Add(fault.Rule{Call: "ec2:DescribeImages", Error: &fault.Failure{Code: "UnauthorizedOperation"}})
	c.ec2("DescribeImages")
	for range 101 {
		c.ec2("CreateLaunchTemplate", "LaunchTemplateName=bare", "LaunchTemplateData.InstanceType=m5.large")
	}
	admin, own := c.Permissions()[0], c.Permissions()[1]
	if admin.AccessKey != "ADMIN" || len(admin.Unused)+len(admin.Refusals) != 0 {
		t.Errorf("who may do everything: %+v", admin)
	}
	if own.AccessKey != "AK" || len(own.Unused) != before-1 || slices.Contains(own.Unused, "Discovery ec2:DescribeSubnets") {
		t.Errorf("unused %q", own.Unused)
	}
	if r := own.Refusals; len(r) != 100 || r[0].Call != "ec2:CreateLaunchTemplate" || r[0].Action != r[0].Call || !strings.Contains(r[0].Message, "not authorized") {
		t.Errorf("refusals %+v", r)
	}
}

// SIM-043
func TestPoliciesAreReadAtTheStart(t *testing.T) {
	o := aws.DefaultOptions("c1")
	o.Setup.Identities = []aws.Identity{{AccessKey: "AK", Role: "r", Policies: []json.RawMessage{[]byte(`{"Statement": [{"Effect": "Maybe"}]}`)}}}
	if _, err := aws.New(o); err == nil || !strings.Contains(err.Error(), "identity r: policy 1") {
		t.Errorf("error %v", err)
	}
}

// SIM-042: what is remembered of a call.
func TestJournal(t *testing.T) {
	c := newClient(t)
	c.ec2("DescribeSubnets", "MaxResults=5")
	c.ec2("DescribeSubnets", "Colour=red")
	c.ec2("Fly")
	entries := c.Journal().Entries("", 0)
	if len(entries) != 3 || entries[0].Call != "ec2:DescribeSubnets" || entries[0].Status != 200 || entries[0].Input["MaxResults"] != int64(5) ||
		entries[1].Code != "UnknownParameter" || entries[1].Status != 400 || entries[2].Code != "InvalidAction" {
		t.Errorf("entries %+v", entries)
	}
}
