// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
)

// ReadEC2 reads the instance types of EC2 that a pool for general purposes would
// buy: of the current generation, amd64, on demand, and neither with GPUs nor
// burstable nor bare metal. The system takes 100m CPU, 7.5% of the memory, and
// 255 MiB and 11 MiB for each pod.
func ReadEC2(path string) ([]*cloudprovider.InstanceType, error) {
	var out []*cloudprovider.InstanceType
	err := readTable(path, func(row record) error {
		if row["arch"] != "amd64" || row["current_generation"] != "true" || row["gpus"] != "0" ||
			row["burstable"] == "true" || row["bare_metal"] == "true" {
			return nil
		}
		it, err := ec2Type(row)
		if err == nil {
			out = append(out, it)
		}
		return err
	})
	return out, err
}

func ec2Type(row record) (*cloudprovider.InstanceType, error) {
	cpu, errCPU := row.number("vcpu")
	mib, errMemory := row.number("memory_mib")
	pods, errPods := row.number("max_pods_vpc_cni")
	price, errPrice := strconv.ParseFloat(row["usd_per_hour_us_east_1"], 64)
	if errCPU != nil || errMemory != nil || errPods != nil || errPrice != nil {
		return nil, fmt.Errorf("type %q lacks a size or a price", row["instance_type"])
	}
	it := instanceType(row["instance_type"], cpu, 0, 0)
	it.Capacity[corev1.ResourceMemory] = *resource.NewQuantity(mib<<20, resource.BinarySI)
	it.Capacity[corev1.ResourcePods] = *resource.NewQuantity(pods, resource.DecimalSI)
	it.Overhead.KubeReserved[corev1.ResourceMemory] = *resource.NewQuantity(mib<<20*75/1000+(255+11*pods)<<20, resource.BinarySI)
	for _, o := range it.Offerings {
		o.Price, o.Available = price, o.CapacityType() == "on-demand"
	}
	return it, nil
}
