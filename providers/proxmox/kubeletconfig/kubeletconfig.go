// SPDX-License-Identifier: Apache-2.0

// Package kubeletconfig writes the configuration of the kubelet that boot data show
// (PVE-092): what the NodeClass says, and over it what follows from the launch.
//
// It calls nobody. What the kubelet is told to reserve is what the instance type counts
// with (CP-111).
//
// Start reading at [Document].
package kubeletconfig

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// Launch is what follows from a launch.
type Launch struct {
	Registration bootstrap.Registration
	ProviderID   string
	// Pods is how many the type runs.
	Pods     int64
	Overhead cloudprovider.Overhead
}

// The shares of disks below which pods are evicted, where memory has a threshold.
const (
	nodeDisk  = "10%"
	imageDisk = "15%"
)

// Document is the KubeletConfiguration. fields may be nil.
func Document(l Launch, fields *v1alpha1.KubeletConfiguration) (map[string]any, error) {
	object, err := given(fields)
	if err != nil {
		return nil, err
	}
	settings := kubelet.Settings{MaxPods: l.Pods}
	if memory, ok := l.Overhead.EvictionThreshold[corev1.ResourceMemory]; ok && memory.Sign() > 0 {
		settings.EvictionHard = map[string]string{
			"memory.available": mebibytes(memory.Value()), "nodefs.available": nodeDisk, "imagefs.available": imageDisk,
		}
	}
	out := bootstrap.Document(l.Registration, settings, kubelet.Configuration{Object: object})
	out["providerID"] = l.ProviderID
	for key, list := range map[string]corev1.ResourceList{"kubeReserved": l.Overhead.KubeReserved, "systemReserved": l.Overhead.SystemReserved} {
		if texts := reserved(list); len(texts) > 0 {
			out[key] = bootstrap.Table(texts)
		}
	}
	return out, nil
}

// given are the fields that the NodeClass sets, by the kubelet's names.
func given(fields *v1alpha1.KubeletConfiguration) (map[string]any, error) {
	out := map[string]any{}
	if fields == nil {
		return out, nil
	}
	text, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return nil, fmt.Errorf("reading spec.kubeletConfiguration: %w", err)
	}
	return out, nil
}

// reserved writes amounts in the units that boot data have always had; what is nothing is
// left out.
func reserved(list corev1.ResourceList) map[string]string {
	out := map[string]string{}
	if milli := list.Cpu().MilliValue(); milli > 0 {
		out["cpu"] = fmt.Sprintf("%dm", milli)
	}
	if bytes := list.Memory().Value(); bytes > 0 {
		out["memory"] = mebibytes(bytes)
	}
	if bytes := list.StorageEphemeral().Value(); bytes > 0 {
		out["ephemeral-storage"] = fmt.Sprintf("%dGi", up(bytes, 1<<30))
	}
	return out
}

func mebibytes(bytes int64) string { return fmt.Sprintf("%dMi", up(bytes, 1<<20)) }

// up divides, rounding up: the kubelet keeps no less than is counted.
func up(n, by int64) int64 { return (n + by - 1) / by }
