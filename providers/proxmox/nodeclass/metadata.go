// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"
	"errors"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/bootdata"
	"karpenter.sh/providers/proxmox/cloudinit"
)

// Reasons of InstanceMetadataOptionsReady.
const (
	// ReasonMetadataNotFound: a Secret is not named in full, is missing, or may not be read.
	ReasonMetadataNotFound = "MetadataOptionsNotFound"
	// ReasonMetadataInvalid: the templates cannot be rendered.
	ReasonMetadataInvalid = "MetadataTemplateInvalid"
)

// metadataEvery is how often Secrets are looked at without an event (PVE-019).
const metadataEvery = time.Minute

// metadata resolves InstanceMetadataOptionsReady.
type metadata struct{ live client.Reader }

// Metadata returns the resolver of InstanceMetadataOptionsReady. It reads Secrets past the
// cache, which holds none.
func Metadata(live client.Reader) resolution.Resolver[*v1alpha1.ProxmoxNodeClass] {
	return metadata{live}
}

// Condition implements resolution.Resolver.
func (metadata) Condition() string { return v1alpha1.ConditionMetadataOptionsReady }

// Resolve implements resolution.Resolver (PVE-019).
func (m metadata) Resolve(ctx context.Context, nodeClass *v1alpha1.ProxmoxNodeClass) (resolution.Outcome, error) {
	if nodeClass.Spec.Metadata() == v1alpha1.MetadataTypeNone {
		return resolution.True(0), nil
	}
	secrets, err := bootdata.ReadSecrets(ctx, m.live, nodeClass.Spec.MetadataOptions)
	if problem := (*bootdata.SecretError)(nil); errors.As(err, &problem) {
		return resolution.False(ReasonMetadataNotFound, problem.Problem, metadataEvery), nil
	}
	if err != nil {
		return resolution.Outcome{}, err
	}
	if _, err := cloudinit.Render(secrets.Templates, sample(nodeClass, secrets.Values)); err != nil {
		return resolution.False(ReasonMetadataInvalid, err.Error(), metadataEvery), nil
	}
	return resolution.True(metadataEvery), nil
}

// sample are boot data as a machine might have them, with the user's own values.
func sample(nodeClass *v1alpha1.ProxmoxNodeClass, values map[string]string) cloudinit.Data {
	return cloudinit.Data{
		Metadata: cloudinit.Metadata{
			Hostname: "sample", InstanceID: "20000", InstanceUUID: "00000000-0000-4000-8000-000000000000", InstanceType: "c1.2VCPU-4GB",
			ProviderID: "proxmox://region/20000", Region: "region", Zone: "zone", Tags: nodeClass.Spec.Tags, NodeClass: nodeClass.Name,
		},
		Network: cloudinit.Network{
			Interfaces: []cloudinit.Interface{{
				Name: "eth0", MacAddr: "BC:24:11:00:00:01", Address4: []string{"192.0.2.7/24"}, Address6: []string{"2001:db8::7/64"},
				Gateway4: "192.0.2.1", Gateway6: "2001:db8::1", MTU: 1500, NodeAddress4: "192.0.2.2/24", NodeAddress6: "2001:db8::2/64",
				NodeGateway4: "192.0.2.1", NodeGateway6: "2001:db8::1",
			}},
			SearchDomains: []string{"example.com"}, NameServers: []string{"192.0.2.53"},
		},
		Resources: cloudinit.Resources{CPU: 2, Memory: 4 << 30},
		Kubernetes: cloudinit.Kubernetes{
			Version: "v1.33.4", RootCA: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", BootstrapToken: "abcdef.0123456789abcdef",
			KubeletConfiguration: map[string]any{"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "providerID": "proxmox://region/20000", "maxPods": 110},
		},
		Values: values,
	}
}
