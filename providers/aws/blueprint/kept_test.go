// SPDX-License-Identifier: Apache-2.0

package blueprint_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/placement"
)

// changes are of everything that templates are made from.
func changes() map[string]func(*blueprint.Input) {
	return map[string]func(*blueprint.Input){
		"cluster":           func(in *blueprint.Input) { in.Cluster.Endpoint = "https://c2" },
		"service range":     func(in *blueprint.Input) { in.Cluster.ServiceCIDR = "10.200.0.0/16" },
		"region":            func(in *blueprint.Input) { in.Region = "us-iso-east-1" },
		"family of the IPs": func(in *blueprint.Input) { in.IPv6 = true },
		"gate":              func(in *blueprint.Input) { in.Reservations = false },
		"name":              func(in *blueprint.Input) { in.NodeClass.Name = "other" },
		"user data":         func(in *blueprint.Input) { in.NodeClass.Spec.UserData = ptr.To("#!/bin/sh\n") },
		"tags":              func(in *blueprint.Input) { in.NodeClass.Spec.Tags = map[string]string{"a": "b"} },
		"monitoring":        func(in *blueprint.Input) { in.NodeClass.Spec.DetailedMonitoring = ptr.To(true) },
		"public addresses":  func(in *blueprint.Input) { in.NodeClass.Spec.AssociatePublicIPAddress = ptr.To(false) },
		"family": func(in *blueprint.Input) {
			in.NodeClass.Spec.AMISelectorTerms = []v1.AMISelectorTerm{{Alias: "bottlerocket@latest"}}
		},
		"version of the image": func(in *blueprint.Input) {
			in.NodeClass.Spec.AMISelectorTerms, in.NodeClass.Spec.AMIFamily = []v1.AMISelectorTerm{{ID: "ami-amd"}}, ptr.To(v1.AMIFamilyBottlerocket)
			in.NodeClass.Spec.InstanceStorePolicy = ptr.To("RAID0")
			in.NodeClass.Status.AMIs[0].Name = "bottlerocket-aws-k8s-1.34-x86_64-v1.46.0-abc"
		},
		"image":           func(in *blueprint.Input) { in.NodeClass.Status.AMIs[0].ID = "ami-new" },
		"security groups": func(in *blueprint.Input) { in.NodeClass.Status.SecurityGroups[0].ID = "sg-3" },
		"profile":         func(in *blueprint.Input) { in.NodeClass.Status.InstanceProfile = "other" },
		"label":           func(in *blueprint.Input) { in.NodeClaim.Labels["team"] = "y" },
		"NodePool":        func(in *blueprint.Input) { in.NodeClaim.Labels[karpv1.NodePoolLabelKey] = "other" },
		"taint": func(in *blueprint.Input) {
			in.NodeClaim.Spec.Taints = []corev1.Taint{{Key: "a", Effect: corev1.TaintEffectNoSchedule}}
		},
		"enclaves": asking(v1.ResourceNitroSandbox),
		"spot": func(in *blueprint.Input) {
			in.Choice.CapacityType = label.Spot
			in.Choice.Candidates = slices.Clone(in.Choice.Candidates)
			in.Choice.Candidates[0] = candidate("m5.large", "amd64", offering("spot/a", 1))
		},
		"tenancy":         func(in *blueprint.Input) { in.Choice.Tenancy = v1.TenancyDedicated },
		"partition":       func(in *blueprint.Input) { in.Choice.Partition = 2 },
		"placement group": func(in *blueprint.Input) { in.Group = &placement.Group{ID: "pg-1"} },
		"pods":            func(in *blueprint.Input) { in.Machines = machines{"m5.large": machine(28, 0)} },
		"kubelet": func(in *blueprint.Input) {
			in.Machines = machines{"m5.large": instancetype.Machine{
				Settings:      kubelet.Settings{MaxPods: 29, Pods: 29},
				Configuration: kubelet.Configuration{Object: map[string]any{"podPidsLimit": 100}}, VCPUs: 2,
			}}
		},
	}
}

// names are those of a request's templates.
func names(r fleet.Request) []string { return slices.Sorted(maps.Keys(r.Templates)) }

// AWS-260, AWS-261: templates of earlier launches are used again as long as nothing has
// changed that they are made from, and no longer.
func TestKeptTemplates(t *testing.T) {
	t.Parallel()
	maker := blueprint.New()
	ask := func(t *testing.T, change ...func(*blueprint.Input)) fleet.Request {
		t.Helper()
		kept, err := maker.Request(input(change...))
		if err != nil {
			t.Fatal(err)
		}
		if fresh := request(t, change...); !reflect.DeepEqual(kept, fresh) {
			t.Errorf("got %+v\nnot %+v", kept, fresh)
		}
		return kept
	}
	first := ask(t)
	for reason, change := range changes() {
		t.Run(reason, func(t *testing.T) {
			if changed := ask(t, change); slices.Equal(names(changed), names(first)) {
				t.Error("the template is as before")
			}
			if again := ask(t); !slices.Equal(names(again), names(first)) {
				t.Error("the template is not as before")
			}
		})
	}
}

// AWS-260: what becomes of an object that a launch was made from does not change what is
// kept.
func TestKeptTemplatesAreApart(t *testing.T) {
	t.Parallel()
	maker := blueprint.New()
	device := func(in *blueprint.Input) {
		in.NodeClass.Spec.BlockDeviceMappings = []*v1.BlockDeviceMapping{{DeviceName: ptr.To("/dev/xvda")}}
	}
	in := input(device)
	if _, err := maker.Request(in); err != nil {
		t.Fatal(err)
	}
	*in.NodeClass.Spec.BlockDeviceMappings[0].DeviceName = "/dev/changed"
	got, err := maker.Request(input(device))
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range got.Templates {
		if name := *content.BlockDevices[0].DeviceName; name != "/dev/xvda" {
			t.Errorf("the device is %s", name)
		}
	}
}

// Launches run side by side, of more NodeClasses than are kept.
func TestManyLaunches(t *testing.T) {
	t.Parallel()
	maker := blueprint.New()
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			for i := range 300 {
				in := input(func(in *blueprint.Input) { in.NodeClass.Status.InstanceProfile = fmt.Sprint(worker%2, "-", i) })
				r, err := maker.Request(in)
				if err != nil || len(r.Templates) != 1 {
					t.Errorf("got %+v, %v", r, err)
				}
				for _, content := range r.Templates {
					if content.InstanceProfile != in.NodeClass.Status.InstanceProfile {
						t.Errorf("the profile is %s", content.InstanceProfile)
					}
				}
			}
		})
	}
	wait.Wait()
}
