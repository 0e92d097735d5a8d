// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"maps"
	"slices"

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
	nodeClaim   *karpv1.NodeClaim
	nodeClass   *v1.EC2NodeClass
	request     cloudprovider.LaunchRequest
	types       []*cloudprovider.InstanceType
	machine     instance.Instance
	annotations map[string]string
}

// launched describes what a launch brought (CP-019, AWS-295).
func (p *Provider) launched(l launch) (*karpv1.NodeClaim, error) {
	it, o, found := offeringOf(l.types, l.machine)
	if !found {
		return nil, fmt.Errorf("instance %s, launched for NodeClaim %s, is of type %s in zone %s, which is not on sale", l.machine.ID, l.nodeClaim.Name, l.machine.Type, l.machine.Zone)
	}
	out := describe(l.machine)
	labels := l.request.Requirements.Labels()
	maps.Copy(labels, cloudprovider.LaunchLabels(it, o))
	maps.Copy(labels, out.Labels)
	if l.machine.ZoneID == "" {
		for _, s := range l.nodeClass.Status.Subnets {
			if s.Zone == l.machine.Zone && s.ZoneID != "" {
				labels[v1.LabelTopologyZoneID] = s.ZoneID
				break
			}
		}
	}
	if group, _ := p.opts.Groups.Last(l.nodeClass); group != nil {
		labels[v1.LabelPlacementGroupID] = group.ID
		if _, set := labels[v1.LabelPlacementGroupPartition]; !set && group.Partitions > 0 {
			labels[v1.LabelPlacementGroupPartition] = "" // the hook fills it in (AWS-363)
		}
	}
	out.Labels = labels
	out.Annotations = map[string]string{v1.AnnotationInstanceProfile: l.nodeClass.Status.InstanceProfile}
	maps.Copy(out.Annotations, l.annotations)
	group := it.GroupOf(o)
	out.Status.Capacity, out.Status.Allocatable = attached(group.Capacity, l.machine), attached(group.Allocatable, l.machine)
	return out, nil
}

// offeringOf finds what was bought. Of reserved machines it is the reservation's.
func offeringOf(types []*cloudprovider.InstanceType, machine instance.Instance) (*cloudprovider.InstanceType, *cloudprovider.Offering, bool) {
	i := slices.IndexFunc(types, func(it *cloudprovider.InstanceType) bool { return it.Name == machine.Type })
	if i < 0 {
		return nil, nil, false
	}
	for _, o := range types[i].Offerings {
		if o.Zone() == machine.Zone && o.CapacityType() == machine.CapacityType &&
			(machine.CapacityType != label.Reserved || o.ReservationID(v1.LabelCapacityReservationID) == machine.ReservationID) &&
			inPartition(o, machine.Partition) {
			return types[i], o, true
		}
	}
	return nil, nil, false
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

// describe is a machine as a NodeClaim, as far as the machine itself tells (CP-029).
func describe(machine instance.Instance) *karpv1.NodeClaim {
	out := &karpv1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name:              machine.Tags[v1.TagNodeClaim],
			Labels:            machine.Labels(false),
			CreationTimestamp: metav1.NewTime(machine.LaunchTime),
		},
		Status: karpv1.NodeClaimStatus{ProviderID: machine.ProviderID(), ImageID: machine.ImageID},
	}
	if machine.State.Ending() {
		ending := metav1.NewTime(machine.LaunchTime)
		out.DeletionTimestamp = &ending
	}
	return out
}
