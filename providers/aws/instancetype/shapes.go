// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"karpenter.sh/core/cloudprovider/kit/price"
)

// Shapes are what the price of each type is estimated from while nobody has told it
// (AWS-233). An error means that no catalogue was ever loaded.
func (p *Provider) Shapes() (map[string]price.Shape, error) {
	x, _, err := p.index()
	if err != nil {
		return nil, err
	}
	shapes := make(map[string]price.Shape, len(x.sorted))
	for _, d := range x.sorted {
		shapes[d.name] = d.shape()
	}
	return shapes, nil
}

// shape counts accelerators of all makers as one kind each, by the name of the first.
func (d *description) shape() price.Shape {
	const mebibytesInGiB = 1024
	s := price.Shape{
		Family: d.family(), Kind: d.architecture(), VCPUs: float64(d.vcpus()), GiB: float64(d.mebibytes()) / mebibytesInGiB,
	}
	add := func(name *string, count *int32) {
		s.Accelerators += float64(aws.ToInt32(count))
		if s.Accelerator == "" {
			s.Accelerator = aws.ToString(name)
		}
	}
	for _, g := range d.gpus() {
		add(g.Name, g.Count)
	}
	for _, n := range d.neurons() {
		add(n.Name, n.Count)
	}
	return s
}
