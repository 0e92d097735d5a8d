// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"karpenter.sh/core/cloudprovider/kit/price"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// VCPUs is how many a machine of a type has; false if no such type is known.
func (p *Provider) VCPUs(instanceType string) (int64, bool) {
	x, _, err := p.index()
	if err != nil || x.byName[instanceType] == nil {
		return 0, false
	}
	return x.byName[instanceType].vcpus(), true
}

// Shapes are what a price of each type can be estimated by where nobody says one
// (KIT-047); an error means that no type is known.
func (p *Provider) Shapes() (map[string]price.Shape, error) {
	x, _, err := p.index()
	if err != nil {
		return nil, err
	}
	out := make(map[string]price.Shape, len(x.sorted))
	for _, d := range x.sorted {
		out[d.name] = d.shape()
	}
	return out, nil
}

func (d *description) shape() price.Shape {
	value := func(key string) string {
		r, _ := d.labels.Get(key)
		v, _ := r.Single()
		return v
	}
	s := price.Shape{
		Family: d.family(), Kind: value(v1.LabelInstanceCategory) + " " + d.architecture(),
		VCPUs: float64(d.vcpus()), GiB: float64(d.mebibytes()) / 1024,
	}
	for _, gpu := range d.gpus() {
		s.Accelerator = value(v1.LabelInstanceGPUName)
		s.Accelerators += float64(aws.ToInt32(gpu.Count))
	}
	for _, device := range d.neurons() {
		s.Accelerator = value(v1.LabelInstanceAcceleratorName)
		s.Accelerators += float64(aws.ToInt32(device.Count))
	}
	return s
}
