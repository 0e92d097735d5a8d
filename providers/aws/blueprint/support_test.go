// SPDX-License-Identifier: Apache-2.0

package blueprint_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/blueprint"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/userdata"
)

// machines are by type.
type machines map[string]instancetype.Machine

var errUnknown = errors.New("no such type")

func (m machines) Machine(_ *v1.EC2NodeClass, name string) (instancetype.Machine, error) {
	machine, known := m[name]
	if !known {
		return machine, errUnknown
	}
	return machine, nil
}

func machine(pods, efas int64) instancetype.Machine {
	return instancetype.Machine{Settings: kubelet.Settings{MaxPods: pods, Pods: pods}, EFAs: efas, VCPUs: 2}
}

// offering is "on-demand/a", or "reserved/a/cr-1".
func offering(text string, price float64) *cloudprovider.Offering {
	parts := strings.Split(text, "/")
	reqs := []requirement.Requirement{requirement.In(label.CapacityType, parts[0]), requirement.In(label.Zone, parts[1])}
	if len(parts) > 2 {
		reqs = append(reqs, requirement.In(v1.LabelCapacityReservationID, parts[2]))
	}
	return &cloudprovider.Offering{Requirements: requirement.All(reqs...), Price: price, Available: true}
}

func candidate(name, arch string, offerings ...*cloudprovider.Offering) choice.Candidate {
	return choice.Candidate{
		Type: &cloudprovider.InstanceType{
			Name:         name,
			Requirements: requirement.All(requirement.In(corev1.LabelArchStable, arch), requirement.In(label.InstanceType, name)),
			Offerings:    offerings,
		},
		Offerings: offerings,
	}
}

func image(id, arch string) v1.AMI {
	return v1.AMI{ID: id, Requirements: []corev1.NodeSelectorRequirement{{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{arch}}}}
}

// input is a launch of an AL2023 machine.
func input(change ...func(*blueprint.Input)) blueprint.Input {
	in := blueprint.Input{
		Facts: blueprint.Facts{
			Cluster: userdata.Cluster{Name: "c1", Endpoint: "https://c1", CABundle: "Y2E=", ServiceCIDR: "10.100.0.0/16", DNSIP: "10.100.0.10"},
			Region:  "us-west-2", Reservations: true,
		},
		NodeClass: &v1.EC2NodeClass{
			ObjectMeta: metav1.ObjectMeta{Name: "default"},
			Spec:       v1.EC2NodeClassSpec{AMISelectorTerms: []v1.AMISelectorTerm{{Alias: "al2023@latest"}}},
			Status: v1.EC2NodeClassStatus{
				AMIs:            []v1.AMI{image("ami-amd", "amd64"), image("ami-arm", "arm64")},
				Subnets:         []v1.Subnet{{ID: "subnet-a", Zone: "a"}, {ID: "subnet-b", Zone: "b"}},
				SecurityGroups:  []v1.SecurityGroup{{ID: "sg-2"}, {ID: "sg-1"}},
				InstanceProfile: "profile",
			},
		},
		NodeClaim: &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
			Name: "pool-1", UID: "uid", Labels: map[string]string{karpv1.NodePoolLabelKey: "pool", "team": "x"}, Annotations: map[string]string{},
		}},
		Choice: choice.Choice{
			CapacityType: label.OnDemand, Tenancy: v1.TenancyDefault,
			Candidates: []choice.Candidate{candidate("m5.large", "amd64", offering("on-demand/a", 1), offering("on-demand/b", 1))},
		},
		Machines: machines{"m5.large": machine(29, 0), "m5.xlarge": machine(58, 0), "m6g.large": machine(29, 0), "p5.48xlarge": machine(100, 4)},
	}
	in.NodeClaim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourcePods: resource.MustParse("5")}
	for _, f := range change {
		f(&in)
	}
	return in
}

func request(t *testing.T, change ...func(*blueprint.Input)) fleet.Request {
	t.Helper()
	r, err := blueprint.New().Request(input(change...))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Offers {
		content, there := r.Templates[o.Template]
		if name, err := content.Name(); !there || err != nil || name != o.Template {
			t.Errorf("offer %+v names a template that is not there", o)
		}
	}
	return r
}

func candidates(list ...choice.Candidate) func(*blueprint.Input) {
	return func(in *blueprint.Input) { in.Choice.Candidates = list }
}

func asking(name corev1.ResourceName) func(*blueprint.Input) {
	return func(in *blueprint.Input) { in.NodeClaim.Spec.Resources.Requests[name] = resource.MustParse("1") }
}

// told is the user data of the first template.
func told(t *testing.T, r fleet.Request) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(r.Templates[r.Offers[0].Template].UserData)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// cloned keeps tests from changing what others read.
func cloned(in *blueprint.Input) { in.Choice.Candidates = slices.Clone(in.Choice.Candidates) }
