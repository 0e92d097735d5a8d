// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"errors"
	"time"

	"karpenter.sh/test/cloudsim/join"
)

// boot starts an instance's software. One that dies by a fault ends before.
func (r *request) boot(i *instance) {
	with, ok := map[string]join.Bootstrap{"al2023": join.Nodeadm{}, "bottlerocket": join.Bottlerocket{}}[i.image.Family]
	if !ok {
		with = noBootstrap{family: i.image.Family}
	}
	arch := "amd64"
	if i.kind.arch == arm {
		arch = "arm64"
	}
	m := join.Machine{
		ID: i.id, NodeName: r.dnsName(i), ProviderID: "aws:///" + i.subnet.Zone + "/" + i.id,
		Region: r.options.Setup.Region, Zone: i.subnet.Zone, Type: i.kind.name, Architecture: arch,
		Address: i.address.String(), CPU: i.kind.vcpus, Memory: i.kind.mib, Disk: i.disk(), DefaultMaxPods: i.kind.maxPods(),
	}
	switch {
	case i.kind.gpu.count > 0:
		m.Extended = map[string]int{"nvidia.com/gpu": i.kind.gpu.count}
	case i.kind.neuron.count > 0:
		m.Extended = map[string]int{"aws.amazon.com/neuron": i.kind.neuron.count}
	}
	if i.template != nil {
		m.UserData = i.template.userData
	}
	if r.rule != nil && r.rule.Dies.Duration > 0 {
		r.agenda.Add(r.now.Add(r.rule.Dies.Duration), func(now time.Time) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.end(i, now, "Server.InternalError: internal error on launch", false)
		})
		return // it never gets as far as its user data
	}
	r.yard.Boot(m, with, r.now)
}

// disk is the size of the volume that the kubelet keeps its data on, in GiB.
func (i *instance) disk() int {
	device := map[string]string{"bottlerocket": "/dev/xvdb"}[i.image.Family]
	if device == "" {
		device = rootDevice
	}
	for _, mapping := range i.data.Trees("BlockDeviceMappings") {
		if ebs := mapping.Tree("Ebs"); mapping.Str("DeviceName") == device && ebs.Has("VolumeSize") {
			return ebs.Int("VolumeSize")
		}
	}
	return imageVolume
}

// noBootstrap is an image that nothing is known about.
type noBootstrap struct{ family string }

func (b noBootstrap) Boot(join.Machine) (join.Node, error) {
	return join.Node{}, errors.New("nothing is known of how images of family " + b.family + " boot")
}
