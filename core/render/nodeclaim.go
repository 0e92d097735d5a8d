// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/intake"
)

// Input is a planned bin with what it was planned from.
type Input struct {
	// NodePool is the revision that was simulated; its hash goes on the
	// NodeClaim (SCH-265).
	NodePool *v1.NodePool
	Template *model.Template
	Bin      *place.Bin
	// Types are the provider's instance types, in the catalogue's order.
	Types    []*cloudprovider.InstanceType
	Compiler *intake.Compiler
}

// NodeClaim renders the NodeClaim of a bin (API-121 to API-129). The error
// names the requirement for which no label value can be chosen.
func NodeClaim(in Input) (*v1.NodeClaim, error) {
	requirements := in.requirements()
	labels, err := in.labels(requirements)
	if err != nil {
		return nil, fmt.Errorf("rendering a NodeClaim of NodePool %q: %w", in.NodePool.Name, err)
	}
	template := in.NodePool.Spec.Template.Spec.DeepCopy()
	return &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName:    in.NodePool.Name + "-",
			Labels:          labels,
			Annotations:     in.annotations(),
			OwnerReferences: []metav1.OwnerReference{owner(in.NodePool)},
		},
		Spec: v1.NodeClaimSpec{
			Taints:                 template.Taints,
			StartupTaints:          template.StartupTaints,
			Requirements:           Written(requirements),
			Resources:              v1.ResourceRequirements{Requests: in.Compiler.List(in.Bin.Requests)},
			NodeClassRef:           template.NodeClassRef,
			TerminationGracePeriod: template.TerminationGracePeriod,
			ExpireAfter:            template.ExpireAfter,
		},
	}, nil
}

func owner(np *v1.NodePool) metav1.OwnerReference {
	block := true
	return metav1.OwnerReference{
		APIVersion: v1.GroupVersion.String(), Kind: "NodePool", Name: np.Name, UID: np.UID, BlockOwnerDeletion: &block,
	}
}

// requirements are those of the bin with its minValues, the instance types
// and the capacity types they can be had as (SCH-232).
func (in Input) requirements() requirement.Requirements {
	out := in.Compiler.Vocabulary().Decompile(in.Bin.Requirements).Without(label.SimulationOnly)
	for _, m := range in.Bin.Minimums {
		if r, ok := out.Get(in.Compiler.Vocabulary().KeyName(m.Key)); ok {
			out = out.With(r.WithMinValues(m.Values))
		}
	}
	names := make([]string, 0, len(in.Bin.Types))
	for _, t := range in.Bin.Types {
		names = append(names, in.Template.Catalogue.Type(t).Name)
	}
	out = out.With(requirement.In(label.InstanceType, names...))
	if capacityTypes := in.capacityTypes(); len(capacityTypes) > 0 {
		out = out.With(requirement.In(label.CapacityType, capacityTypes...))
	}
	return out
}

func (in Input) capacityTypes() []string {
	var out []string
	for _, market := range in.Bin.Markets {
		r, ok := in.Compiler.Vocabulary().Decompile(market).Get(label.CapacityType)
		if v, single := r.Single(); ok && single {
			out = append(out, v)
		}
	}
	return out
}

// Written is the API's form of requirements, by key.
func Written(rs requirement.Requirements) []v1.NodeSelectorRequirementWithMinValues {
	out := make([]v1.NodeSelectorRequirementWithMinValues, 0, rs.Len())
	for r := range rs.Each() {
		for _, w := range r.Written() {
			e := v1.NodeSelectorRequirementWithMinValues{
				Key: w.Key, Operator: corev1.NodeSelectorOperator(w.Operator), Values: w.Values,
			}
			if w.MinValues > 0 {
				e.MinValues = &w.MinValues
			}
			out = append(out, e)
		}
	}
	return out
}

// labels are the template's, the ownership labels and one value for each
// custom requirement that demands the label (API-122, SCH-233). A label that is
// not demanded would put the node into a topology domain that nobody planned.
func (in Input) labels(rs requirement.Requirements) (map[string]string, error) {
	template := &in.NodePool.Spec.Template
	out := maps.Clone(template.ObjectMeta.Labels)
	if out == nil {
		out = map[string]string{}
	}
	out[v1.NodePoolLabelKey] = in.NodePool.Name
	key, name := cloudprovider.NodeClassLabel(template.Spec.NodeClassRef)
	out[key] = name
	for r := range rs.Each() {
		if r.AllowsAbsent() || !in.Compiler.IsCustom(r.Key()) {
			continue
		}
		value, ok := r.Choose()
		if !ok {
			return nil, fmt.Errorf("no value of label %q satisfies %s", r.Key(), r)
		}
		out[r.Key()] = value
	}
	return out, nil
}

func (in Input) annotations() map[string]string {
	out := maps.Clone(in.NodePool.Spec.Template.ObjectMeta.Annotations)
	if out == nil {
		out = map[string]string{}
	}
	out[v1.NodePoolHashAnnotationKey] = in.NodePool.Hash()
	out[v1.NodePoolHashVersionAnnotationKey] = v1.HashVersion
	out[v1.NodeClaimMinValuesRelaxedAnnotationKey] = strconv.FormatBool(in.Bin.Relaxed)
	price, capacity := in.overlaid()
	if price {
		out[v1.PriceOverlayAppliedAnnotationKey] = strconv.FormatBool(true)
	}
	if capacity {
		out[v1.CapacityOverlayAppliedAnnotationKey] = strconv.FormatBool(true)
	}
	return out
}

// overlaid reports whether any listed type has an overlaid price or capacity.
func (in Input) overlaid() (price, capacity bool) {
	for _, t := range in.Bin.Types {
		it := in.Types[t]
		capacity = capacity || it.CapacityOverlaid
		for _, o := range it.Offerings {
			price = price || o.PriceOverlaid
		}
	}
	return price, capacity
}
