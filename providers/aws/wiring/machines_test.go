// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	corev1 "k8s.io/api/core/v1"
	apitypes "k8s.io/apimachinery/pkg/types"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/cloudprovider/kit/collect"
	"karpenter.sh/core/cloudprovider/kit/refresh"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/launchtemplate"
	"karpenter.sh/providers/aws/providerid"
	"karpenter.sh/test/cloudsim/kube"
	"karpenter.sh/test/cloudsim/wire"
	cloud "karpenter.sh/test/cloudsim/world"
)

func (w *world) machines() *conformance.Machines {
	return &conformance.Machines{
		Count:             w.count,
		CloudCalls:        w.Cloud.Journal().Total,
		Launches:          w.launches,
		Terminations:      func() int { return w.Calls("ec2:TerminateInstances") },
		ForeignID:         "kwok:///us-west-2a/i-0123456789abcdef0",
		FinishTermination: func(testing.TB) { w.Step(15 * time.Second) },
		AddForeign: func(testing.TB) {
			w.launch(1, v1.Tags(nodeClass(), "other-cluster", "pool"), nil)
			w.launch(1, map[string]string{"Name": "a bastion"}, nil)
		},
		FillPages: func(testing.TB) {
			w.Cloud.Stock().Set(cloud.Pool{}, 2000)
			w.launch(1001, v1.Tags(nodeClass(), simtest.Cluster, "pool"), nil)
			w.FailPage("ec2:DescribeInstances", 2)
		},
		Restart: func(testing.TB) { w.restart() },
	}
}

// count is how many machines run or terminate.
func (w *world) count() int {
	states := w.Cloud.Summary()["instances"].(map[string]int)
	return states["pending"] + states["running"] + states["shutting-down"]
}

// launches counts requests for fleets that were meant.
func (w *world) launches() int {
	n := 0
	for _, e := range w.Requests("ec2:CreateFleet") {
		if e.Input["DryRun"] != true {
			n++
		}
	}
	return n
}

// launch launches machines past the provider, as somebody else does.
func (w *world) launch(n int, tags map[string]string, change func(*types.RequestLaunchTemplateData)) {
	w.t.Helper()
	api, name := ec2.NewFromConfig(w.Config), "somebody-"+strconv.Itoa(w.Cloud.Journal().Total())
	data := &types.RequestLaunchTemplateData{
		ImageId: aws.String(w.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"]),
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
			DeviceIndex: aws.Int32(0), Groups: []string{w.Setup.SecurityGroups[0].ID},
		}},
	}
	if change != nil {
		change(data)
	}
	_, err := api.CreateLaunchTemplate(w.t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &name, LaunchTemplateData: data})
	w.must(err)
	out, err := api.CreateFleet(w.t.Context(), &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant,
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: &name, Version: aws.String("$Latest")},
			Overrides:                   []types.FleetLaunchTemplateOverridesRequest{{InstanceType: reservedType, SubnetId: &w.Setup.Subnets[0].ID}},
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
			TotalTargetCapacity: aws.Int32(int32(n)), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand,
		},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: launchtemplate.Listed(tags)}},
	})
	w.must(err)
	got := 0
	for _, i := range out.Instances {
		got += len(i.InstanceIds)
	}
	if got != n {
		w.t.Fatalf("somebody launched %d machines of %d: %+v", got, n, out.Errors)
	}
	_, err = api.DeleteLaunchTemplate(w.t.Context(), &ec2.DeleteLaunchTemplateInput{LaunchTemplateName: &name})
	w.must(err)
}

// removeType ends the sale of a type, and has the catalogue read anew.
func (w *world) removeType(t testing.TB, name string) {
	w.Cloud.EndSale(name)
	for _, c := range controllersOf[*refresh.Controller](w) {
		for range 2 { // the first round only waits
			_, err := c.Reconcile(t.Context())
			w.must(err)
		}
	}
}

// node is the Node that a machine registers by what it was given.
func (w *world) node(t testing.TB, claim *karpv1.NodeClaim) *corev1.Node {
	t.Helper()
	w.Step(30 * time.Second)
	id, err := providerid.InstanceID(claim.Status.ProviderID)
	w.must(err)
	outcome, booted := w.Cloud.Yard().Outcome(id)
	if !booted || outcome.Node == nil {
		t.Fatalf("the machine of %s does not join: %s", claim.Name, outcome.Reason)
	}
	node, err := kube.NodeOf(*outcome.Node, nil)
	w.must(err)
	node.UID = apitypes.UID("uid-of-" + node.Name)
	return node
}

func (w *world) collection() *conformance.Collection {
	return &conformance.Collection{
		Store: w.store,
		Join:  func(t testing.TB, claim *karpv1.NodeClaim) { w.must(w.api.Create(t.Context(), w.node(t, claim))) },
		Nodes: func(t testing.TB) int {
			list := &corev1.NodeList{}
			w.must(w.api.List(t.Context(), list))
			return len(list.Items)
		},
		Grace:   30 * time.Second,
		Collect: w.collect,
		During: func(t testing.TB, happens func()) {
			w.answered.Store(&happens) // the first call of a round lists the machines
			w.collect(t)
		},
	}
}

func (w *world) collector() *collect.Controller { return controllersOf[*collect.Controller](w)[0] }

func (w *world) collect(t testing.TB) {
	_, err := w.collector().Reconcile(t.Context())
	w.must(err)
}

// tags are those of all that was created for NodeClaims and their NodeClass.
func (w *world) tags() *conformance.Tags {
	return &conformance.Tags{
		Restrict: func(t testing.TB) {
			w.edit(func(s *v1.EC2NodeClassSpec) { s.Tags = map[string]string{v1.TagNodePool: "mine"} })
			w.setReady(t, "True", "") // by the controller of before
		},
		Of:    func(testing.TB, *karpv1.NodeClaim) []map[string]string { return w.tagged() },
		Owner: []string{v1.TagOwnedBy(simtest.Cluster), v1.TagNodePool, v1.TagCluster, v1.TagNodeClass, "team"},
	}
}

// tagged reads the tags in the requests: of volumes, interfaces, fleets and spot requests
// the simulated cloud tells nothing. All kinds of AWS-124 must be there.
func (w *world) tagged() []map[string]string {
	w.t.Helper()
	var out []map[string]string
	kinds := map[string]bool{}
	add := func(in wire.Tree) {
		for _, specification := range in.Trees("TagSpecifications") {
			tags := map[string]string{}
			for _, pair := range specification.Trees("Tags") {
				tags[pair.Str("Key")] = pair.Str("Value")
			}
			kinds[specification.Str("ResourceType")] = true
			out = append(out, tags)
		}
	}
	for _, e := range w.Requests("ec2:CreateFleet") {
		add(e.Input)
	}
	for _, e := range w.Requests("ec2:CreateLaunchTemplate") {
		in := wire.Tree(e.Input)
		add(in)
		add(in.Tree("LaunchTemplateData"))
	}
	want := map[string]bool{"instance": true, "volume": true, "fleet": true, "network-interface": true, "launch-template": true, "spot-instances-request": true}
	if !maps.Equal(kinds, want) {
		w.t.Errorf("tagged are %v, want %v", kinds, want)
	}
	return out
}
