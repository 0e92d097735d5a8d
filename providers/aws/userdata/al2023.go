// SPDX-License-Identifier: Apache-2.0

package userdata

import (
	"errors"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
)

// al2023 is the user's parts and a NodeConfig, which nodeadm merges into those
// before it (AWS-164).
func al2023(in Input) ([]byte, error) {
	if in.Cluster.ServiceCIDR == "" {
		return nil, cloudprovider.NewNodeClassNotReadyError(errors.New("the service CIDR of the cluster is not known yet"))
	}
	parts, err := al2023Parts(in.Custom)
	if err != nil {
		return nil, err
	}
	config, err := nodeConfig(in)
	if err != nil {
		return nil, err
	}
	body, err := config.YAML()
	if err != nil {
		return nil, err
	}
	return bootstrap.RenderMIME(append(parts, bootstrap.NewPart(typeNodeConfig, body))), nil
}

func nodeConfig(in Input) (bootstrap.Tree, error) {
	flags, err := bootstrap.FlagsText([]bootstrap.Flag{{Name: "node-labels", Value: in.Registration.LabelsText()}})
	if err != nil {
		return nil, err
	}
	spec := map[string]any{
		"cluster": map[string]any{
			"name":                 in.Cluster.Name,
			"apiServerEndpoint":    in.Cluster.Endpoint,
			"certificateAuthority": in.Cluster.CABundle,
			"cidr":                 in.Cluster.ServiceCIDR,
		},
		"kubelet": map[string]any{
			"config": map[string]any(kubeletConfig(in)),
			"flags":  []any{flags},
		},
	}
	if in.InstanceStoreRAID0 {
		spec["instance"] = map[string]any{"localStorage": map[string]any{"strategy": "RAID0"}}
	}
	return bootstrap.Tree{"apiVersion": nodeConfigGroup + "v1alpha1", "kind": nodeConfigKind, "spec": spec}, nil
}

// kubeletConfig is all of spec.kubelet, with what was computed in it.
func kubeletConfig(in Input) bootstrap.Tree {
	out := bootstrap.Document(in.Registration, in.Kubelet, in.Configuration)
	for _, key := range []string{"apiVersion", "kind"} { // nodeadm writes its own
		if _, wrote := in.Configuration.Object[key]; !wrote {
			delete(out, key)
		}
	}
	if in.Kubelet.ReservedSystemCPUs != "" {
		freeCgroups(out)
	}
	delete(out, "clusterDNS")
	if dns := in.dns(); len(dns) > 0 {
		list := make([]any, len(dns))
		for i, address := range dns {
			list[i] = address
		}
		out["clusterDNS"] = list
	}
	return out
}

// freeCgroups overrules the groups in which nodeadm keeps what is reserved by amount:
// a kubelet that is given CPUs by number refuses them, and the machine would never join.
func freeCgroups(config bootstrap.Tree) {
	for _, key := range []string{"kubeReservedCgroup", "systemReservedCgroup"} {
		if _, wrote := config[key]; !wrote {
			config[key] = ""
		}
	}
}
