// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
)

// Domains of labels that Cluster API copies from Machines to Nodes (CAPI-022).
const (
	roleDomain        = "node-role.kubernetes.io"
	restrictionDomain = "node-restriction.kubernetes.io"
	nodeDomain        = "node.cluster.x-k8s.io"
)

// coreDomain is that of labels which the core gives to Nodes. A deployment decides one
// of them only.
const coreDomain = "karpenter.sh"

var errNoLabelValue = errors.New("it is no value of a label")

// labelsOf are the labels of a deployment's Nodes.
func labelsOf(d *capi.MachineDeployment, facts Facts) map[string]string {
	out := map[string]string{}
	for key, value := range d.Spec.Template.ObjectMeta.Labels {
		if copied(key) {
			out[key] = value
		}
	}
	set := func(key, value string) {
		if value != "" {
			out[key] = value
		}
	}
	set(label.Arch, cmp.Or(d.Annotations[AnnotationArch], facts.Architecture))
	set(label.OS, cmp.Or(d.Annotations[AnnotationOS], facts.OS))
	maps.Copy(out, pairs(d.Annotations[AnnotationLabels]))
	maps.DeleteFunc(out, func(key, value string) bool {
		return key == v1alpha1.LabelMember || key == v1alpha1.LabelNodeClass || key == label.Hostname || (domainOf(key) == coreDomain && !bought(key, value))
	})
	if out[label.CapacityType] == "" {
		out[label.CapacityType] = label.OnDemand
	}
	if out[label.Zone] == "" {
		delete(out, label.Zone)
	}
	if out[label.InstanceType] == "" {
		out[label.InstanceType] = d.Name
	}
	return out
}

// valid refuses values that no label may have, such as the long name of a deployment that
// names no type: a NodeClaim could not be written with them, after its machine was bought.
func valid(labels map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if wrong := validation.IsValidLabelValue(labels[key]); len(wrong) > 0 {
			return fmt.Errorf("label %s would be %q: %w: %s", key, labels[key], errNoLabelValue, wrong[0])
		}
	}
	return nil
}

// NameOf is the name of the type that a deployment is of (CAPI-025): nothing else of it has
// to be readable. It is empty if Nodes cannot be labelled by it.
func NameOf(d *capi.MachineDeployment) string {
	name := labelsOf(d, Facts{})[label.InstanceType]
	if len(validation.IsValidLabelValue(name)) > 0 {
		return ""
	}
	return name
}

// addSize adds the labels that tell the size of a machine, unless somebody else told it
// (CAPI-027). Nodes need them as well as types: a NodePool that asks for sizes drifts
// nodes that do not tell theirs.
func addSize(labels map[string]string, capacity corev1.ResourceList) {
	cores, memory := strconv.FormatInt(wholeCores(capacity), 10), strconv.FormatInt(mebibytes(capacity), 10)
	for key, value := range map[string]string{
		v1alpha1.LabelCapacityCPU: cores, v1alpha1.LabelInstanceCPU: cores,
		v1alpha1.LabelCapacityMemory: memory, v1alpha1.LabelInstanceMemory: memory,
	} {
		if _, told := labels[key]; !told {
			labels[key] = value
		}
	}
}

// wholeCores is the value of the labels that count CPUs.
func wholeCores(capacity corev1.ResourceList) int64 { return capacity.Cpu().MilliValue() / 1000 }

// mebibytes is the value of the labels that count memory.
func mebibytes(capacity corev1.ResourceList) int64 { return capacity.Memory().Value() >> 20 }

// bought holds for the capacity types that a deployment may name (CAPI-029).
func bought(key, value string) bool {
	return key == label.CapacityType && (value == label.Spot || value == label.OnDemand)
}

func copied(key string) bool {
	domain := domainOf(key)
	return domain == roleDomain || within(domain, restrictionDomain) || within(domain, nodeDomain)
}

// domainOf is the text before the first slash; the key itself if it has none.
func domainOf(key string) string {
	domain, _, _ := strings.Cut(key, "/")
	return domain
}

func within(domain, parent string) bool {
	return domain == parent || strings.HasSuffix(domain, "."+parent)
}
