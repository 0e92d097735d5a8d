// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/instance"
)

// launch is a machine with what it was launched for.
type launch struct {
	nodeClass   *v1.EC2NodeClass
	request     cloudprovider.LaunchRequest
	types       []*cloudprovider.InstanceType
	machine     instance.Instance
	annotations map[string]string
}

// launched describes what a launch brought (CP-019, AWS-295). Whatever it is, it is
// described: an error would leave a machine that nobody knows of.
func (p *Provider) launched(l launch) *karpv1.NodeClaim {
	out := p.describe(l.machine)
	own := out.Labels
	out.Labels = l.request.Requirements.Labels()
	out.Annotations = map[string]string{v1.AnnotationInstanceProfile: l.nodeClass.Status.InstanceProfile}
	maps.Copy(out.Annotations, l.annotations)
	if i := slices.IndexFunc(l.types, func(it *cloudprovider.InstanceType) bool { return it.Name == l.machine.Type }); i >= 0 {
		labels, group := bought(l.types[i], l.machine)
		maps.Copy(out.Labels, labels)
		out.Status.Capacity, out.Status.Allocatable = attached(group.Capacity, l.machine), attached(group.Allocatable, l.machine)
	}
	maps.Copy(out.Labels, own)
	if l.machine.ZoneID == "" {
		for _, s := range l.nodeClass.Status.Subnets {
			if s.Zone == l.machine.Zone && s.ZoneID != "" {
				out.Labels[v1.LabelTopologyZoneID] = s.ZoneID
				break
			}
		}
	}
	p.place(out.Labels, l)
	return out
}

// place adds the labels of the placement group. A partition that EC2 chooses is not known
// yet; the empty label has the hook fill it in (AWS-363).
func (p *Provider) place(labels map[string]string, l launch) {
	delete(labels, v1.LabelPlacementGroupPartition)
	group, _ := p.opts.Groups.Last(l.nodeClass)
	if group == nil {
		return
	}
	labels[v1.LabelPlacementGroupID] = group.ID
	if group.Partitions > 0 {
		labels[v1.LabelPlacementGroupPartition] = ""
		if l.machine.Partition > 0 {
			labels[v1.LabelPlacementGroupPartition] = strconv.Itoa(int(l.machine.Partition))
		}
	}
}

// bought is what type and offering say of a machine. Of an offering that is gone since
// the launch, as when a NodeClaim asks again for what it was given, the type tells the
// rest.
func bought(it *cloudprovider.InstanceType, machine instance.Instance) (map[string]string, cloudprovider.AllocatableGroup) {
	for _, o := range it.Offerings {
		if o.Zone() == machine.Zone && o.CapacityType() == machine.CapacityType &&
			(machine.CapacityType != label.Reserved || o.ReservationID(v1.LabelCapacityReservationID) == machine.ReservationID) &&
			inPartition(o, machine.Partition) {
			return cloudprovider.LaunchLabels(it, o), it.GroupOf(o)
		}
	}
	varies := v1.Vocabulary().OfferingLabels
	return it.Requirements.Without(func(key string) bool {
		return key == label.Zone || key == label.CapacityType || slices.Contains(varies, key)
	}).Labels(), it.Groups()[0]
}

// inPartition holds for offerings of no partition, or of this one; any will do while it
// is not known.
func inPartition(o *cloudprovider.Offering, partition int32) bool {
	r, there := o.Requirements.Get(v1.LabelPlacementGroupPartition)
	return partition == 0 || !there || r.Has(fmt.Sprint(partition))
}

// attached are the resources that a node reports: no zeros, and no EFA interfaces that
// were not asked for (AWS-295).
func attached(list corev1.ResourceList, machine instance.Instance) corev1.ResourceList {
	out := list.DeepCopy()
	if machine.EFAs == 0 {
		delete(out, v1.ResourceEFA)
	}
	maps.DeleteFunc(out, func(_ corev1.ResourceName, quantity resource.Quantity) bool { return quantity.IsZero() })
	return out
}

// describe is a machine as a NodeClaim, as far as the machine itself tells (CP-029). EC2
// does not say since when it is ending, and nobody needs to know.
func (p *Provider) describe(machine instance.Instance) *karpv1.NodeClaim {
	now := metav1.NewTime(p.opts.Clock.Now())
	out := &karpv1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name:              machine.Tags[v1.TagNodeClaim],
			Labels:            machine.Labels(false),
			CreationTimestamp: now,
		},
		Status: karpv1.NodeClaimStatus{ProviderID: machine.ProviderID(), ImageID: machine.ImageID},
	}
	if !machine.LaunchTime.IsZero() {
		out.CreationTimestamp = metav1.NewTime(machine.LaunchTime)
	}
	if machine.State.Ending() {
		out.DeletionTimestamp = &now
	}
	return out
}
