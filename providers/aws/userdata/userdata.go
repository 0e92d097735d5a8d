// SPDX-License-Identifier: Apache-2.0

package userdata

import (
	"errors"
	"fmt"
	"maps"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Cluster is what a machine joins.
type Cluster struct {
	Name string
	// Endpoint is the URL of the API server.
	Endpoint string
	// CABundle is its certificate authority: PEM, in base64.
	CABundle string
	// ServiceCIDR is the range of addresses of Services. Only AL2023 needs it.
	ServiceCIDR string
	// DNSIP is the address of the cluster's DNS; empty means unknown, and the image
	// finds one.
	DNSIP string
}

// Input is what user data depend on, beside nothing else.
type Input struct {
	// Family is one of the AMIFamily constants of the API.
	Family  string
	Cluster Cluster
	// Registration is what the Node registers with; see [RegistrationOf].
	Registration bootstrap.Registration
	// Kubelet holds what was computed for the machine. Only what [Told] returns of it
	// counts.
	Kubelet kubelet.Settings
	// Configuration is spec.kubelet, its expressions evaluated.
	Configuration kubelet.Configuration
	// Custom is spec.userData.
	Custom string
	// InstanceStoreRAID0 puts the data of pods on the machine's own disks.
	InstanceStoreRAID0 bool
	// ImageVersion is that of a Bottlerocket image; see [ImageVersion]. Empty means
	// unknown. Other families do not need it.
	ImageVersion string
}

// Render returns the user data of a machine in base64; empty for a Custom family
// without any. It fails with a NodeClassNotReadyError for AL2023 without a service
// CIDR, and for data that [Check] refuses.
func Render(in Input) (string, error) {
	data, err := render(in)
	if err != nil {
		return "", fmt.Errorf("rendering user data of family %s: %w", in.Family, err)
	}
	return bootstrap.Base64(data), nil
}

func render(in Input) ([]byte, error) {
	in.Kubelet = Told(in.Family, in.Kubelet, in.Configuration)
	in.Registration.Labels = maps.Clone(in.Registration.Labels)
	if in.Registration.Labels == nil {
		in.Registration.Labels = map[string]string{}
	}
	// Taints come with the registration, complete: core need not sync them (AWS-160).
	in.Registration.Labels[karpv1.NodeDoNotSyncTaintsLabelKey] = karpv1.LabelValueTrue
	switch in.Family {
	case v1.AMIFamilyAL2:
		return al2(in)
	case v1.AMIFamilyAL2023:
		return al2023(in)
	case v1.AMIFamilyBottlerocket:
		return bottlerocket(in)
	case v1.AMIFamilyWindows2019, v1.AMIFamilyWindows2022, v1.AMIFamilyWindows2025:
		return windows(in)
	case v1.AMIFamilyCustom:
		return []byte(in.Custom), nil // AWS-168
	}
	return nil, cloudprovider.NewNodeClassNotReadyError(errors.New("the family is unknown"))
}

// Check refuses a user's data that cannot be merged with ours: TOML, YAML or MIME
// that cannot be read, or that has something else where our settings go (AWS-088,
// CP-111). The error says what and where; no request to the cloud is needed to know.
func Check(family, custom string) error {
	_, err := Render(Input{
		Family: family,
		Cluster: Cluster{
			Name: "cluster", Endpoint: "https://cluster", CABundle: "Y2E=",
			ServiceCIDR: "10.100.0.0/16", DNSIP: "10.100.0.10",
		},
		Custom:             custom,
		InstanceStoreRAID0: true,
	})
	return err
}

// RegistrationOf returns what the Node of a NodeClaim registers with: labels in the
// domains of Kubernetes are left to the image and to core (AWS-160).
func RegistrationOf(nodeClaim *karpv1.NodeClaim, capacityType string) bootstrap.Registration {
	launch := map[string]string{karpv1.CapacityTypeLabelKey: capacityType}
	return bootstrap.RegistrationOf(nodeClaim, launch, bootstrap.OutsideKubernetes)
}
