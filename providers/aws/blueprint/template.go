// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/launchtemplate"
	"karpenter.sh/providers/aws/userdata"
)

// common is what all templates of a request have in common. Templates are kept by its
// JSON, and made of nothing else but it and [special]: so none can be out of date.
type common struct {
	Facts Facts
	// NodeClass is as far as templates go by it: see [relevant].
	NodeClass    *v1.EC2NodeClass
	Family       string
	NodePool     string
	Registration bootstrap.Registration
	Spot         bool
	Enclaves     bool
	Placement    launchtemplate.Placement
}

// special is what distinguishes the templates of one request (AWS-261).
type special struct {
	ImageID string
	// Kubelet is what the machine is told.
	Kubelet       kubelet.Settings
	Configuration kubelet.Configuration
	EFAs          int
	Reservation   *launchtemplate.Reservation
}

func (in Input) common(family string) common {
	c := common{
		Facts: in.Facts, NodeClass: relevant(in.NodeClass), Family: family,
		NodePool:     in.NodeClaim.Labels[karpv1.NodePoolLabelKey],
		Registration: userdata.RegistrationOf(in.NodeClaim, in.Choice.CapacityType),
		Spot:         in.Choice.CapacityType == label.Spot, Enclaves: in.asks(v1.ResourceNitroSandbox),
		Placement: launchtemplate.Placement{Tenancy: in.Choice.Tenancy, Partition: in.Choice.Partition},
	}
	if in.Group != nil {
		c.Placement.GroupID = in.Group.ID
	}
	return c
}

// relevant leaves out what changes often and no template says: conditions, subnets,
// reservations.
func relevant(nodeClass *v1.EC2NodeClass) *v1.EC2NodeClass {
	return &v1.EC2NodeClass{
		ObjectMeta: metav1.ObjectMeta{Name: nodeClass.Name},
		Spec:       nodeClass.Spec,
		Status: v1.EC2NodeClassStatus{
			AMIs: nodeClass.Status.AMIs, SecurityGroups: nodeClass.Status.SecurityGroups, InstanceProfile: nodeClass.Status.InstanceProfile,
		},
	}
}

// template is one that was made, or why there is none.
type template struct {
	name    string
	content launchtemplate.Content
	err     error
}

func newTemplate(c common, s special) template {
	c.NodeClass = c.NodeClass.DeepCopy() // the content holds parts of it for long
	content, err := contentOf(c, s)
	if err != nil {
		return template{err: err}
	}
	name, err := content.Name()
	return template{name, content, err}
}

func contentOf(c common, s special) (launchtemplate.Content, error) {
	spec := &c.NodeClass.Spec
	input := userdata.Input{
		Family: c.Family, Cluster: c.Facts.Cluster, Registration: c.Registration, Kubelet: s.Kubelet, Configuration: s.Configuration,
		InstanceStoreRAID0: spec.InstanceStorePolicy != nil && *spec.InstanceStorePolicy == "RAID0",
		ImageVersion:       userdata.ImageVersion(c.NodeClass),
	}
	if spec.UserData != nil {
		input.Custom = *spec.UserData
	}
	data, err := userdata.Render(input)
	if err != nil {
		return launchtemplate.Content{}, err
	}
	return launchtemplate.Of(launchtemplate.Input{
		NodeClass: c.NodeClass, Region: c.Facts.Region, IPv6: c.Facts.IPv6, Cluster: c.Facts.Cluster.Name,
		NodePool: c.NodePool, Reservations: c.Facts.Reservations, ImageID: s.ImageID, UserData: data,
		DefaultBlockDevices: userdata.DefaultBlockDevices(c.Family),
		Spot:                c.Spot, Reservation: s.Reservation, Placement: c.Placement, EFAs: s.EFAs, Enclaves: c.Enclaves,
	})
}

// specialOf is what a machine of a type is told (AWS-261).
func specialOf(family string, ami v1.AMI, m instancetype.Machine, efas int, reservation *launchtemplate.Reservation) special {
	return special{
		ImageID: ami.ID, Kubelet: userdata.Told(family, m.Settings, m.Configuration), Configuration: m.Configuration,
		EFAs: efas, Reservation: reservation,
	}
}

// key is the content of values.
type key [sha256.Size]byte

// keyOf joins a key, which may be empty, with the content of a value.
func keyOf(before []byte, value any) (key, error) {
	text, err := json.Marshal(value) // maps in the order of their keys
	if err != nil {
		return key{}, fmt.Errorf("comparing launch templates: %w", err)
	}
	return sha256.Sum256(append(before, text...)), nil
}
