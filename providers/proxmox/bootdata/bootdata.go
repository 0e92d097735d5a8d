// SPDX-License-Identifier: Apache-2.0

package bootdata

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/kubeletconfig"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/network"
	"karpenter.sh/providers/proxmox/providerid"
)

// RootCA is the name of the ConfigMap with the certificates of the cluster, and its key.
const (
	rootCA    = "kube-root-ca.crt"
	rootCAKey = "ca.crt"
)

// Options are what a Writer works with. All are required.
type Options struct {
	// Client reads Secrets and ConfigMaps past the cache, and writes the Secrets of tokens.
	Client client.Client
	// Namespace is where the certificates of the cluster are read (PVE-091).
	Namespace string
	// Version is that of Kubernetes, such as v1.33.4.
	Version func(context.Context) (string, error)
	Clock   clock.PassiveClock
}

// Writer prepares boot data.
type Writer struct{ Options }

// New returns a Writer.
func New(o Options) *Writer { return &Writer{o} }

// Subject is whose boot data are meant.
type Subject struct {
	NodeClaim *v1.NodeClaim
	NodeClass *v1alpha1.ProxmoxNodeClass
}

// Prepared is what the boot data of a launch are made of, whichever host it comes to. It
// is for one goroutine.
type Prepared struct {
	writer  *Writer
	subject Subject

	secrets         Secrets
	rootCA, version string
	token           *token
}

// Prepare reads what all boot data of a launch have in common. Without boot data it is nil
// (PVE-034).
func (w *Writer) Prepare(ctx context.Context, of Subject) (*Prepared, error) {
	if of.NodeClass.Spec.Metadata() != v1alpha1.MetadataTypeCDROM {
		return nil, nil
	}
	p := &Prepared{writer: w, subject: of}
	var err error
	if p.secrets, err = ReadSecrets(ctx, w.Client, of.NodeClass.Spec.MetadataOptions); err != nil {
		return nil, fmt.Errorf("preparing boot data: %w", err)
	}
	var certificates corev1.ConfigMap
	if err := w.Client.Get(ctx, types.NamespacedName{Namespace: w.Namespace, Name: rootCA}, &certificates); err != nil {
		return nil, fmt.Errorf("reading the certificates of the cluster: %w", err)
	}
	p.rootCA = certificates.Data[rootCAKey]
	if p.version, err = w.Version(ctx); err != nil {
		return nil, fmt.Errorf("asking for the version of Kubernetes: %w", err)
	}
	return p, nil
}

// Machine is what the boot data of a machine tell beside what all of the launch do.
type Machine struct {
	launch.Made
	// Type is what it was launched as, Labels those that follow from the launch.
	Type   *cloudprovider.InstanceType
	Labels map[string]string
}

// Files are the boot data of a machine. The first call makes the token.
func (p *Prepared) Files(ctx context.Context, of Machine) (cloudinit.Files, error) {
	if p.token == nil {
		made, err := p.writer.newToken(ctx)
		if err != nil {
			return nil, err
		}
		p.token = &made
	}
	data, err := p.data(of)
	if err != nil {
		return nil, err
	}
	return cloudinit.Render(p.secrets.Templates, data)
}

// Token is the ID of the bootstrap token; empty: there is none.
func (p *Prepared) Token() string {
	if p == nil || p.token == nil {
		return ""
	}
	return p.token.id
}

// Discard removes the token of a launch that failed.
func (p *Prepared) Discard(ctx context.Context) error {
	if p.Token() == "" {
		return nil
	}
	return p.writer.Revoke(ctx, p.Token())
}

func (p *Prepared) data(of Machine) (cloudinit.Data, error) {
	id := providerid.ID{Region: of.Region, Machine: of.ID}.String()
	pods := of.Type.Capacity[corev1.ResourcePods]
	kubelet, err := kubeletconfig.Document(kubeletconfig.Launch{
		Registration: bootstrap.RegistrationOf(p.subject.NodeClaim, of.Labels, bootstrap.KubeletMaySet),
		ProviderID:   id, Pods: pods.Value(), Overhead: of.Type.Overhead,
	}, p.subject.NodeClass.Spec.KubeletConfiguration)
	if err != nil {
		return cloudinit.Data{}, err
	}
	return cloudinit.Data{
		Metadata: cloudinit.Metadata{
			Hostname: p.subject.NodeClaim.Name, InstanceID: strconv.Itoa(of.ID), InstanceUUID: machineconfig.UUID(of.Options),
			InstanceType: of.Type.Name, ProviderID: id, Region: of.Labels[label.Region], Zone: of.Labels[label.Zone],
			Tags: p.subject.NodeClass.Spec.Tags, NodeClass: p.subject.NodeClass.Name,
		},
		Network:   networkOf(of.Made),
		Resources: resourcesOf(of.Made, of.Type),
		Kubernetes: cloudinit.Kubernetes{
			Version: p.version, RootCA: p.rootCA, BootstrapToken: p.token.String(), KubeletConfiguration: kubelet,
		},
		Values: p.secrets.Values,
	}, nil
}

// resourcesOf are what the machine has: its memory is what it was given, not what it will
// report.
func resourcesOf(made launch.Made, it *cloudprovider.InstanceType) cloudinit.Resources {
	mebibytes, _ := strconv.ParseInt(made.Options["memory"], 10, 64) // it was written by the launch
	pages := func(name corev1.ResourceName, size int64) int64 {
		amount := it.Capacity[name]
		return amount.Value() / size
	}
	return cloudinit.Resources{
		CPU: machineconfig.VCPUs(made.Options), Memory: mebibytes << 20,
		Hugepages1Gi: pages(corev1.ResourceHugePagesPrefix+"1Gi", 1<<30), Hugepages2Mi: pages(corev1.ResourceHugePagesPrefix+"2Mi", 2<<20),
	}
}

func networkOf(made launch.Made) cloudinit.Network {
	out := cloudinit.Network{
		SearchDomains: strings.Fields(made.Options["searchdomain"]), NameServers: strings.Fields(made.Options["nameserver"]),
	}
	for _, i := range made.Interfaces {
		out.Interfaces = append(out.Interfaces, interfaceOf(i, made.Bridges[i.Bridge]))
	}
	return out
}

func interfaceOf(i network.Interface, on network.Bridge) cloudinit.Interface {
	return cloudinit.Interface{
		Name: "eth" + strconv.Itoa(i.Number), MacAddr: i.MAC, DHCPv4: i.DHCP4, DHCPv6: i.DHCP6, SLAAC: i.SLAAC, MTU: i.MTU,
		Address4: listed(i.Address4), Address6: listed(i.Address6), Gateway4: text(i.Gateway4), Gateway6: text(i.Gateway6),
		NodeAddress4: prefix(on.Address4), NodeAddress6: prefix(on.Address6), NodeGateway4: text(on.Gateway4), NodeGateway6: text(on.Gateway6),
	}
}

func listed(p netip.Prefix) []string {
	if !p.IsValid() {
		return nil
	}
	return []string{p.String()}
}

func prefix(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
