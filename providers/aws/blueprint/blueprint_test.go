// SPDX-License-Identifier: Apache-2.0

package blueprint_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/launchtemplate"
	"karpenter.sh/providers/aws/placement"
)

// AWS-124, AWS-290, AWS-291: what a request shares with others.
func TestTerms(t *testing.T) {
	t.Parallel()
	base := fleet.Terms{
		NodeClass: "default", CapacityType: label.OnDemand, Tenancy: v1.TenancyDefault, SecurityGroupIDs: []string{"sg-1", "sg-2"},
		Subnets: []v1.Subnet{{ID: "subnet-a", Zone: "a"}, {ID: "subnet-b", Zone: "b"}},
		Tags: map[string]string{
			"kubernetes.io/cluster/c1": "owned", "karpenter.sh/nodepool": "pool", "eks:eks-cluster-name": "c1", "karpenter.k8s.aws/ec2nodeclass": "default",
		},
	}
	context := func(in *blueprint.Input) { in.NodeClass.Spec.Context = ptr.To("ctx") }
	for _, tc := range []struct {
		name   string
		change func(*blueprint.Input)
		want   func(*fleet.Terms)
	}{
		{"plain", func(*blueprint.Input) {}, func(*fleet.Terms) {}},
		{"AWS-290: overlaid prices", func(in *blueprint.Input) {
			in.NodeClaim.Annotations[karpv1.PriceOverlayAppliedAnnotationKey] = "true"
		}, func(t *fleet.Terms) { t.ByPrice = true }},
		{"AWS-291: context", context, func(t *fleet.Terms) { t.Context = "ctx" }},
		{"AWS-291: none when minValues were relaxed", func(in *blueprint.Input) {
			context(in)
			in.NodeClaim.Annotations[karpv1.NodeClaimMinValuesRelaxedAnnotationKey] = "true"
		}, func(*fleet.Terms) {}},
		{"AWS-281, AWS-362: dedicated, in a partition of a group", func(in *blueprint.Input) {
			in.Group = &placement.Group{ID: "pg-1"}
			in.Choice.Tenancy, in.Choice.Partition = v1.TenancyDedicated, 3
		}, func(t *fleet.Terms) { t.Tenancy, t.Partition, t.PlacementGroupID = v1.TenancyDedicated, 3, "pg-1" }},
		{"AWS-124: tags of the user, ours win; without a NodePool", func(in *blueprint.Input) {
			in.NodeClass.Spec.Tags = map[string]string{"a": "b", "Name": "n"}
			delete(in.NodeClaim.Labels, karpv1.NodePoolLabelKey)
		}, func(t *fleet.Terms) {
			t.Tags = maps.Clone(t.Tags)
			t.Tags["a"], t.Tags["Name"], t.Tags["karpenter.sh/nodepool"] = "b", "n", ""
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			want := base
			tc.want(&want)
			r := request(t, tc.change)
			if !reflect.DeepEqual(r.Terms, want) || r.UID != "uid" {
				t.Errorf("got %+v\nwant %+v", r.Terms, want)
			}
			content := r.Templates[r.Offers[0].Template]
			if want := (launchtemplate.Placement{Tenancy: want.Tenancy, GroupID: want.PlacementGroupID, Partition: want.Partition}); content.Placement != want {
				t.Errorf("the template is placed %+v, want %+v", content.Placement, want)
			}
			if !maps.Equal(content.Tags, want.Tags) {
				t.Errorf("tags of the template: %v", content.Tags)
			}
		})
	}
}

// AWS-261, AWS-266, AWS-295, AWS-131: offers, and which of them share a template.
func TestOffers(t *testing.T) {
	t.Parallel()
	efas := func(in *blueprint.Input) {
		in.NodeClass.Spec.NetworkInterfaces = []*v1.NetworkInterface{
			{InterfaceType: v1.InterfaceTypeInterface}, {DeviceIndex: 1, InterfaceType: v1.InterfaceTypeEFAOnly},
		}
	}
	p5 := candidates(candidate("p5.48xlarge", "amd64", offering("on-demand/a", 9)))
	reserved := func(in *blueprint.Input) {
		in.Choice.CapacityType = label.Reserved
		in.NodeClass.Status.CapacityReservations = []v1.CapacityReservation{
			{ID: "cr-1", ReservationType: v1.CapacityReservationTypeDefault}, {ID: "cr-2", ReservationType: v1.CapacityReservationTypeCapacityBlock},
		}
	}
	m5 := candidate("m5.large", "amd64", offering("on-demand/a", 1), offering("on-demand/b", 1))
	for _, tc := range []struct {
		name      string
		change    []func(*blueprint.Input)
		want      []fleet.Offer // without templates
		templates int
	}{
		{"zones share a template", nil, []fleet.Offer{
			{Type: "m5.large", VCPUs: 2, Zone: "a", ImageID: "ami-amd", Price: 1, Addresses: 1}, {Type: "m5.large", VCPUs: 2, Zone: "b", ImageID: "ami-amd", Price: 1, Addresses: 1},
		}, 1},
		{"AWS-261: not with other pods, nor with another image", []func(*blueprint.Input){candidates(
			candidate("m5.large", "amd64", offering("on-demand/a", 1)), candidate("m5.xlarge", "amd64", offering("on-demand/a", 2)), candidate("m6g.large", "arm64", offering("on-demand/a", 3)),
		)}, []fleet.Offer{
			{Type: "m5.large", VCPUs: 2, Zone: "a", ImageID: "ami-amd", Price: 1, Addresses: 1}, {Type: "m5.xlarge", VCPUs: 2, Zone: "a", ImageID: "ami-amd", Price: 2, Addresses: 1},
			{Type: "m6g.large", VCPUs: 2, Zone: "a", ImageID: "ami-arm", Price: 3, Addresses: 1},
		}, 3},
		{"AWS-147: a type without image is left out", []func(*blueprint.Input){candidates(candidate("x.large", "riscv", offering("on-demand/a", 1)), m5)}, []fleet.Offer{
			{Type: "m5.large", VCPUs: 2, Zone: "a", ImageID: "ami-amd", Price: 1, Addresses: 1}, {Type: "m5.large", VCPUs: 2, Zone: "b", ImageID: "ami-amd", Price: 1, Addresses: 1},
		}, 1},
		{"AWS-131: addresses of pods", []func(*blueprint.Input){candidates(m5), func(in *blueprint.Input) { in.PodAddresses = true }}, []fleet.Offer{
			{Type: "m5.large", VCPUs: 2, Zone: "a", ImageID: "ami-amd", Price: 1, Addresses: 6}, {Type: "m5.large", VCPUs: 2, Zone: "b", ImageID: "ami-amd", Price: 1, Addresses: 6},
		}, 1},
		{"AWS-295: EFA not asked for", []func(*blueprint.Input){p5}, []fleet.Offer{{Type: "p5.48xlarge", VCPUs: 2, Zone: "a", ImageID: "ami-amd", Price: 9, Addresses: 1}}, 1},
		{"AWS-266: EFA asked for", []func(*blueprint.Input){p5, asking(v1.ResourceEFA)}, []fleet.Offer{{Type: "p5.48xlarge", VCPUs: 2, Zone: "a", ImageID: "ami-amd", Price: 9, Addresses: 1, EFAs: 4}}, 1},
		{"AWS-295: EFA that the NodeClass lists", []func(*blueprint.Input){p5, efas}, []fleet.Offer{{Type: "p5.48xlarge", VCPUs: 2, Zone: "a", ImageID: "ami-amd", Price: 9, Addresses: 1, EFAs: 4}}, 1},
		{"AWS-261: each reservation has its template", []func(*blueprint.Input){reserved, candidates(candidate("m5.large", "amd64", offering("reserved/a/cr-1", 0), offering("reserved/a/cr-2", 0), offering("reserved/b/cr-1", 0)))}, []fleet.Offer{
			{Type: "m5.large", VCPUs: 2, Zone: "a", ImageID: "ami-amd", ReservationID: "cr-1", Addresses: 1}, {Type: "m5.large", VCPUs: 2, Zone: "a", ImageID: "ami-amd", ReservationID: "cr-2", Addresses: 1},
			{Type: "m5.large", VCPUs: 2, Zone: "b", ImageID: "ami-amd", ReservationID: "cr-1", Addresses: 1},
		}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := request(t, tc.change...)
			offers := slices.Clone(r.Offers)
			for i := range offers {
				offers[i].Template = ""
			}
			if !slices.Equal(offers, tc.want) || len(r.Templates) != tc.templates {
				t.Errorf("%d templates, offers\n%+v\nwant\n%+v", len(r.Templates), offers, tc.want)
			}
		})
	}
}

// AWS-211, AWS-263, AWS-264: what templates say.
func TestTemplates(t *testing.T) {
	t.Parallel()
	content := func(t *testing.T, change ...func(*blueprint.Input)) launchtemplate.Content {
		r := request(t, change...)
		return r.Templates[r.Offers[0].Template]
	}
	block := func(in *blueprint.Input) {
		in.Choice.CapacityType, in.Choice.Reservation = label.Reserved, choice.ReservationCapacityBlock
		in.NodeClass.Status.CapacityReservations = []v1.CapacityReservation{{ID: "cr-2", ReservationType: v1.CapacityReservationTypeCapacityBlock}}
		in.Choice.Candidates = []choice.Candidate{candidate("m5.large", "amd64", offering("reserved/a/cr-2", 0))}
	}
	for name, tc := range map[string]struct {
		change []func(*blueprint.Input)
		market launchtemplate.Market
	}{
		"AWS-264: on-demand joins no open reservation": {nil, launchtemplate.Market{Preference: "none"}},
		"AWS-433: the gate is off":                     {[]func(*blueprint.Input){func(in *blueprint.Input) { in.Reservations = false }}, launchtemplate.Market{}},
		"spot": {[]func(*blueprint.Input){func(in *blueprint.Input) {
			in.Choice.CapacityType = label.Spot
			in.Choice.Candidates = []choice.Candidate{candidate("m5.large", "amd64", offering("spot/a", 1))}
		}}, launchtemplate.Market{Spot: true, Preference: "none"}},
		"a capacity block": {[]func(*blueprint.Input){block}, launchtemplate.Market{Preference: "capacity-reservations-only", ReservationID: "cr-2", Type: "capacity-block"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := content(t, tc.change...); got.Market != tc.market || got.InstanceProfile != "profile" || got.ImageID != "ami-amd" {
				t.Errorf("got %+v", got)
			}
		})
	}
	if !content(t, asking(v1.ResourceNitroSandbox)).Enclaves || content(t).Enclaves {
		t.Error("AWS-211: enclaves are not enabled exactly when asked for")
	}
	interfaces := content(t, func(in *blueprint.Input) { in.IPv6 = true }).Interfaces
	if len(interfaces) != 1 || !ptr.Deref(interfaces[0].PrimaryIPv6, false) {
		t.Errorf("AWS-266: IPv6: %+v", interfaces)
	}
	efa := content(t, candidates(candidate("p5.48xlarge", "amd64", offering("on-demand/a", 9))), asking(v1.ResourceEFA)).Interfaces
	if len(efa) != 4 || efa[0].Type != "efa" || efa[3].Card != 3 || efa[3].Device != 1 {
		t.Errorf("AWS-266: EFA: %+v", efa)
	}
}

// AWS-160, AWS-168: machines are told what they register with.
func TestUserData(t *testing.T) {
	t.Parallel()
	family := func(alias string) func(*blueprint.Input) {
		return func(in *blueprint.Input) {
			in.NodeClass.Spec.AMISelectorTerms = []v1.AMISelectorTerm{{Alias: alias}}
			in.NodeClass.Spec.UserData = ptr.To("")
		}
	}
	for name, tc := range map[string]struct {
		change   func(*blueprint.Input)
		contains []string
	}{
		"AL2023":       {cloned, []string{"name: c1", "https://c1", "10.100.0.0/16", "10.100.0.10", "team=x", "karpenter.sh/capacity-type=on-demand", "karpenter.sh/nodepool=pool", "maxPods: 29"}},
		"AL2":          {family("al2@latest"), []string{"bootstrap.sh c1 ", "team=x", "--max-pods=29"}},
		"Bottlerocket": {family("bottlerocket@latest"), []string{`cluster-name = `, "max-pods = 29", "team"}},
		"Windows":      {family("windows2022@latest"), []string{"<powershell>", "team=x", "--max-pods=29"}},
		"Custom": {func(in *blueprint.Input) {
			in.NodeClass.Spec.AMISelectorTerms, in.NodeClass.Spec.AMIFamily = []v1.AMISelectorTerm{{ID: "ami-1"}}, ptr.To(v1.AMIFamilyCustom)
			in.NodeClass.Spec.UserData = ptr.To("as it is")
		}, []string{"as it is"}},
		"RAID0": {func(in *blueprint.Input) { in.NodeClass.Spec.InstanceStorePolicy = ptr.To("RAID0") }, []string{"RAID0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := told(t, request(t, tc.change))
			for _, want := range tc.contains {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing in\n%s", want, got)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*blueprint.Input)
		check  func(error) bool
	}{
		"AWS-147: no images": {func(in *blueprint.Input) { in.NodeClass.Status.AMIs = nil }, func(err error) bool { return errors.Is(err, blueprint.ErrNoImages) }},
		"AWS-147: none for any type": {candidates(candidate("x.large", "riscv", offering("on-demand/a", 1))), func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "no AMI of the status is for any of 1 instance types")
		}},
		"AWS-132: no subnets":        {func(in *blueprint.Input) { in.NodeClass.Status.Subnets = nil }, func(err error) bool { return errors.Is(err, blueprint.ErrNoSubnets) }},
		"AWS-265: no groups":         {func(in *blueprint.Input) { in.NodeClass.Status.SecurityGroups = nil }, func(err error) bool { return errors.Is(err, launchtemplate.ErrNoSecurityGroups) }},
		"AWS-164: no service range":  {func(in *blueprint.Input) { in.Cluster.ServiceCIDR = "" }, cloudprovider.IsNodeClassNotReadyError},
		"AWS-025: a type that fails": {candidates(candidate("unknown", "amd64", offering("on-demand/a", 1))), func(err error) bool { return errors.Is(err, errUnknown) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := blueprint.New().Request(input(tc.change)); !tc.check(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// AWS-260: NodeClaims of one shape share everything.
func TestEqualRequests(t *testing.T) {
	t.Parallel()
	a, b := request(t), request(t, func(in *blueprint.Input) {
		in.NodeClaim.Name, in.NodeClaim.UID = "pool-2", "other"
		slices.Reverse(in.NodeClass.Status.SecurityGroups)
	})
	if b.UID = a.UID; !reflect.DeepEqual(a, b) {
		t.Errorf("got %+v\nand %+v", a, b)
	}
}
