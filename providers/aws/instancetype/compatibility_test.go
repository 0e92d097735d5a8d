// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/placement"
)

// AWS-212: a type that does not suit keeps its offerings, unavailable.
func TestCompatibility(t *testing.T) {
	nested := func(i *ec2types.InstanceTypeInfo) {
		i.ProcessorInfo.SupportedFeatures = []ec2types.SupportedAdditionalProcessorFeature{ec2types.SupportedAdditionalProcessorFeatureNestedVirtualization}
	}
	wantsNested := func(c *v1.EC2NodeClass) {
		c.Spec.CPUOptions = &v1.CPUOptions{NestedVirtualization: aws.String("enabled")}
	}
	wantsNone := func(c *v1.EC2NodeClass) {
		c.Spec.CPUOptions = &v1.CPUOptions{NestedVirtualization: aws.String("disabled")}
	}
	tracking := func(c *v1.EC2NodeClass) {
		c.Spec.ConnectionTracking = &v1.ConnectionTracking{UDPTimeout: aws.Int32(45)}
	}
	xen := func(i *ec2types.InstanceTypeInfo) { i.Hypervisor = ec2types.InstanceTypeHypervisorXen }
	noENA := func(i *ec2types.InstanceTypeInfo) { i.NetworkInfo.EnaSupport = ec2types.EnaSupportUnsupported }
	spreadOnly := func(i *ec2types.InstanceTypeInfo) {
		i.PlacementGroupInfo.SupportedStrategies = []ec2types.PlacementGroupStrategy{"spread"}
	}
	two := interfaces(on(0, 0, "interface"), on(1, 1, "efa-only"))
	selector := func(c *v1.EC2NodeClass) {
		c.Spec.PlacementGroupSelector = &v1.PlacementGroupSelector{ID: aws.String("pg-1")}
	}
	cluster := &placement.Group{ID: "pg-1", Strategy: "cluster"}
	for name, tc := range map[string]struct {
		info  ec2types.InstanceTypeInfo
		class *v1.EC2NodeClass
		group *placement.Group
		suits bool
	}{
		"AWS-212 a1 on AL2023":             {info("a1.large", 2, 4096, arm), nodeClass(), nil, false},
		"AWS-212 a1 on AL2":                {info("a1.large", 2, 4096, arm), nodeClass(family(v1.AMIFamilyAL2)), nil, true},
		"AWS-212 interfaces":               {m5large(cards(card(0, 3), card(1, 2)), efas(1)), nodeClass(two), nil, true},
		"AWS-212 no cards reported":        {m5large(cards(), efas(1)), nodeClass(interfaces(on(0, 0, "interface"))), nil, false},
		"AWS-212 no such card":             {m5large(efas(1)), nodeClass(two), nil, false},
		"AWS-212 no such device":           {m5large(cards(card(0, 3), card(1, 1)), efas(1)), nodeClass(two), nil, false},
		"AWS-212 too many EFAs":            {m5large(cards(card(0, 3), card(1, 2))), nodeClass(two), nil, false},
		"AWS-212 no ENA":                   {m5large(noENA), nodeClass(interfaces(on(0, 0, "interface"))), nil, false},
		"AWS-212 no ENA is no matter else": {m5large(noENA), nodeClass(), nil, true},
		"AWS-212 nested":                   {m5large(nested), nodeClass(wantsNested), nil, true},
		"AWS-212 not nested":               {m5large(), nodeClass(wantsNested), nil, false},
		"AWS-212 nesting disabled":         {m5large(), nodeClass(wantsNone), nil, true},
		"AWS-212 strategy":                 {m5large(), nodeClass(selector), cluster, true},
		"AWS-212 another strategy":         {m5large(spreadOnly), nodeClass(selector), cluster, false},
		"AWS-212 no strategies reported":   {m5large(func(i *ec2types.InstanceTypeInfo) { i.PlacementGroupInfo = nil }), nodeClass(selector), cluster, false},
		"AWS-212 tracking":                 {m5large(), nodeClass(tracking), nil, true},
		"AWS-212 tracking on Xen":          {m5large(xen), nodeClass(tracking), nil, false},
		"AWS-212 Xen":                      {m5large(xen), nodeClass(), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, one(tc.info))
			list := w.list(tc.class, tc.group)
			if len(list) != 1 || len(list[0].Offerings) != 6 {
				t.Fatalf("%d types, %d offerings", len(list), len(list[0].Offerings))
			}
			available := len(list[0].Offerings.Available())
			if want := map[bool]int{true: 4, false: 0}[tc.suits]; available != want {
				t.Errorf("%d offerings available, want %d", available, want)
			}
			why, err := w.provider.Incompatible(tc.class, tc.group, list[0].Name)
			if err != nil || (why == "") != tc.suits {
				t.Errorf("incompatible: %q, %v", why, err)
			}
		})
	}
}

// AWS-361: without the group that a NodeClass selects there is nothing to launch into.
func TestGroupIsLost(t *testing.T) {
	c := nodeClass(func(c *v1.EC2NodeClass) {
		c.Spec.PlacementGroupSelector = &v1.PlacementGroupSelector{ID: aws.String("pg-1")}
	})
	it := newWorld(t, one(m5large())).only(c)
	if len(it.Offerings) != 6 || len(it.Offerings.Available()) != 0 {
		t.Errorf("%d offerings, %d available", len(it.Offerings), len(it.Offerings.Available()))
	}
}

// CP-112: a type without image is unavailable; without any image nothing is judged.
func TestImages(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{m5large(), info("m6g.large", 2, 8192, arm)}, func(w *world) {
		w.options.ImageFor = func(amis []v1.AMI, labels requirement.Requirements) (v1.AMI, bool) {
			r, _ := labels.Get("kubernetes.io/arch")
			return amis[0], r.Has(amis[0].Name)
		}
	})
	list := w.list(nodeClass(func(c *v1.EC2NodeClass) { c.Status.AMIs = []v1.AMI{{ID: "ami-1", Name: "arm64"}} }), nil)
	if len(list[0].Offerings) == 0 || len(list[0].Offerings.Available()) != 0 || len(list[1].Offerings.Available()) != 4 {
		t.Errorf("available: %d of m5, %d of m6g", len(list[0].Offerings.Available()), len(list[1].Offerings.Available()))
	}
	if list := w.list(nodeClass(), nil); len(list[0].Offerings.Available()) != 4 {
		t.Error("without images m5 is unavailable")
	}
}
