// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// numbered is a flow mapping of n entries.
func numbered(n int) string {
	var entries []string
	for i := range n {
		entries = append(entries, fmt.Sprintf("k%d: v", i))
	}
	return strings.Join(entries, ",")
}

// cards are n interfaces, each on a card of its own.
func cards(n int) []string {
	interfaces := make([]string, n)
	for i := range interfaces {
		interfaces[i] = fmt.Sprintf("{networkCardIndex: %d, deviceIndex: 0, interfaceType: interface}", i)
	}
	return interfaces
}

// create stores a NodeClass for a test, and reads it as the controllers do.
func create(t *testing.T, api client.Client, change string) *v1.EC2NodeClass {
	t.Helper()
	object := nodeClass(t, change)
	if err := api.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Delete(t.Context(), object) })
	return read(t, api, object.GetName())
}

func read(t *testing.T, api client.Client, name string) *v1.EC2NodeClass {
	t.Helper()
	stored := &v1.EC2NodeClass{}
	if err := api.Get(t.Context(), client.ObjectKey{Name: name}, stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

// Each key defaults singly too.
func metadataDefaults(t *testing.T, api client.Client) {
	for change, want := range map[string]*v1.MetadataOptions{
		"": {HTTPEndpoint: new("enabled"), HTTPProtocolIPv6: new("disabled"), HTTPPutResponseHopLimit: new(int64(1)), HTTPTokens: new("required")},
		"metadataOptions: {httpTokens: optional}": {
			HTTPEndpoint: new("enabled"), HTTPProtocolIPv6: new("disabled"), HTTPPutResponseHopLimit: new(int64(1)), HTTPTokens: new("optional"),
		},
		"metadataOptions: {httpEndpoint: disabled, httpProtocolIPv6: enabled, httpPutResponseHopLimit: 2}": {
			HTTPEndpoint: new("disabled"), HTTPProtocolIPv6: new("enabled"), HTTPPutResponseHopLimit: new(int64(2)), HTTPTokens: new("required"),
		},
	} {
		if diff := cmp.Diff(want, create(t, api, change).Spec.MetadataOptions); diff != "" {
			t.Errorf("%q (-want +got):\n%s", change, diff)
		}
	}
}

// A role may be changed, and exchanged for an instance profile and back.
func edits(t *testing.T, api client.Client) {
	stored := create(t, api, "role: first")
	for _, edit := range []func(){
		func() { stored.Spec.Role = "second" },
		func() { stored.Spec.Role, stored.Spec.InstanceProfile = "", new("profile") },
		func() { stored.Spec.Role, stored.Spec.InstanceProfile = "third", nil },
	} {
		edit()
		if err := api.Update(t.Context(), stored); err != nil {
			t.Error(err)
		}
	}
}

func openKubelet(t *testing.T, api client.Client) {
	stored := create(t, api, `kubelet: {maxPods: "min(110, vcpus * 8)", anything: {nested: [1, two, null]}}`)
	if got, want := string(stored.Spec.Kubelet.Raw), `{"anything":{"nested":[1,"two",null]},"maxPods":"min(110, vcpus * 8)"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What a user applies has the hash of what is stored of it, defaults given.
func storedHash(t *testing.T, api client.Client) {
	for _, change := range []string{
		"{tags: {}, blockDeviceMappings: [], networkInterfaces: [], kubelet: {}}",
		`{kubelet: {maxPods: "vcpus < 4 && true ? 10 : 20", evictionHard: {nodefs.available: 10%, memory.available: 5%}},
		  blockDeviceMappings: [{rootVolume: false, ebs: {volumeSize: 1024Gi, encrypted: false}}], detailedMonitoring: false, ipPrefixCount: 2}`,
	} {
		stored := create(t, api, change)
		before, err := stored.Hash("Y2E=")
		if err != nil || before == "" {
			t.Fatalf("hash %q, %v", before, err)
		}
		stored.Labels = map[string]string{"written": "back"}
		if err := api.Update(t.Context(), stored); err != nil {
			t.Fatal(err)
		}
		if after, err := read(t, api, stored.Name).Hash("Y2E="); err != nil || after != before {
			t.Errorf("%s: hash %s, %v, want %s", change, after, err, before)
		}
	}
}

func statusRules(t *testing.T, api client.Client) {
	stored := create(t, api, "")
	for change, want := range map[string]refusal{
		`{"subnets": [{"zone": "a"}]}`:                         {"status.subnets[0].id", "Required"},
		`{"subnets": [{"id": "subnet-1"}]}`:                    {"status.subnets[0].zone", "Required"},
		`{"securityGroups": [{"name": "a"}]}`:                  {"status.securityGroups[0].id", "Required"},
		`{"amis": [{"requirements": []}]}`:                     {"status.amis[0].id", "Required"},
		`{"amis": [{"id": "ami-1"}]}`:                          {"status.amis[0].requirements", "Required"},
		`{"capacityReservations": [{}]}`:                       {"status.capacityReservations[0].availabilityZone", "Required"},
		`{"capacityReservations": [{"id": "x"}]}`:              {"status.capacityReservations[0].ownerID", "Required"},
		`{"capacityReservations": [{"id": "y"}]}`:              {"status.capacityReservations[0].instanceMatchCriteria", "Required"},
		`{"capacityReservations": [{"ownerID": "x"}]}`:         {"status.capacityReservations[0].instanceType", "Required"},
		`{"capacityReservations": [{"availabilityZone":""}]}`:  {"status.capacityReservations[0].id", "Required"},
		`{"capacityReservations": [{"state": "gone"}]}`:        {"status.capacityReservations[0].state", "Unsupported value"},
		`{"capacityReservations": [{"reservationType": "x"}]}`: {"status.capacityReservations[0].reservationType", "Unsupported value"},
	} {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"status":`+change+`}`))
		checkRefusal(t, change, api.Status().Patch(t.Context(), stored.DeepCopy(), patch), want)
	}
	ends := metav1.Unix(2_000_000_000, 0)
	stored.Status = v1.EC2NodeClassStatus{
		Subnets: []v1.Subnet{{ID: "subnet-1", Zone: "us-east-1a"}}, SecurityGroups: []v1.SecurityGroup{{ID: "sg-1"}},
		AMIs: []v1.AMI{{ID: "ami-1", Requirements: []corev1.NodeSelectorRequirement{{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"arm64"}}}}},
		CapacityReservations: []v1.CapacityReservation{{
			AvailabilityZone: "us-east-1a", ID: "cr-1", InstanceMatchCriteria: "open", InstanceType: "m5.large", OwnerID: "012345678901", EndTime: &ends,
		}},
	}
	if err := api.Status().Update(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	got := read(t, api, stored.Name).Status.CapacityReservations[0] // AWS-015
	if got.ReservationType != v1.CapacityReservationTypeDefault || got.State != v1.CapacityReservationStateActive || !got.EndTime.Equal(&ends) {
		t.Errorf("got %+v", got)
	}
}
