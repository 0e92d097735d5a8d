// SPDX-License-Identifier: Apache-2.0

package image

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// latest is the version of an alias that follows its publisher.
const latest = "latest"

// variant is what an image is made for.
type variant string

const (
	standard variant = "standard"
	nvidia   variant = "nvidia"
	neuron   variant = "neuron"
)

// family says where the publisher of a family names its images.
type family struct {
	// parameters have <k> for the version of Kubernetes and <v> for the alias's; <n> is
	// newest for the alias's version latest, else pinned.
	parameters []row
	newest     string
	// since and until are the minor versions of Kubernetes from which, and from which
	// no more, there are images; 0 is no bound (AWS-146).
	since, until int
	// onlyLatest says that there are no versions.
	onlyLatest bool
	// build is that of Windows (AWS-140); empty for Linux.
	build string
}

// row is a parameter and the variants that its image serves.
type row struct {
	path string
	// pinned is <n> of a version, where the path has <n>.
	pinned   string
	variants []variant
}

const (
	eks        = "/aws/service/eks/optimized-ami/<k>/"
	bottle     = "/aws/service/bottlerocket/aws-k8s-<k>"
	windows    = "/aws/service/ami-windows-latest/Windows_Server-"
	windowsEnd = "-English-Core-EKS_Optimized-<k>/image_id"
)

// families is the table of AWS-140.
func families() map[string]family {
	return map[string]family{
		v1.AMIFamilyAL2023: {newest: "recommended", parameters: []row{
			al2023("x86_64", standard), al2023("x86_64", nvidia), al2023("x86_64", neuron),
			al2023("arm64", standard), al2023("arm64", nvidia),
		}},
		v1.AMIFamilyAL2: {newest: "recommended", until: 33, parameters: []row{
			{eks + "amazon-linux-2/<n>/image_id", "amazon-eks-node-<k>-<v>", []variant{standard}},
			{eks + "amazon-linux-2-arm64/<n>/image_id", "amazon-eks-arm64-node-<k>-<v>", []variant{standard}},
			{eks + "amazon-linux-2-gpu/<n>/image_id", "amazon-eks-gpu-node-<k>-<v>", []variant{neuron, nvidia}},
		}},
		v1.AMIFamilyBottlerocket: {newest: latest, parameters: []row{
			{bottle + "/x86_64/<n>/image_id", "<v>", []variant{standard, neuron}},
			{bottle + "/arm64/<n>/image_id", "<v>", []variant{standard}},
			{bottle + "-nvidia/x86_64/<n>/image_id", "<v>", []variant{nvidia}},
			{bottle + "-nvidia/arm64/<n>/image_id", "<v>", []variant{nvidia}},
		}},
		v1.AMIFamilyWindows2019: windowsFamily("2019", "10.0.17763", 0),
		v1.AMIFamilyWindows2022: windowsFamily("2022", "10.0.20348", 0),
		v1.AMIFamilyWindows2025: windowsFamily("2025", "10.0.26100", 35),
	}
}

func al2023(arch string, v variant) row {
	of := arch + "/" + string(v)
	return row{
		path:     eks + "amazon-linux-2023/" + of + "/<n>/image_id",
		pinned:   "amazon-eks-node-al2023-" + strings.ReplaceAll(of, "/", "-") + "-<k>-<v>",
		variants: []variant{v},
	}
}

func windowsFamily(year, build string, since int) family {
	return family{since: since, onlyLatest: true, build: build, parameters: []row{{path: windows + year + windowsEnd}}}
}

// requirements are those that a variant has beside the architecture (AWS-141).
func (v variant) requirements() []corev1.NodeSelectorRequirement {
	exists, missing := corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist
	switch v {
	case nvidia:
		return []corev1.NodeSelectorRequirement{{Key: v1.LabelInstanceGPUCount, Operator: exists}}
	case neuron:
		return []corev1.NodeSelectorRequirement{{Key: v1.LabelInstanceAcceleratorCount, Operator: exists}}
	case standard:
		return []corev1.NodeSelectorRequirement{
			{Key: v1.LabelInstanceAcceleratorCount, Operator: missing}, {Key: v1.LabelInstanceGPUCount, Operator: missing},
		}
	}
	return nil
}

// sets are the requirements of each of a row's variants; one set at least.
func (f family) sets(r row) [][]corev1.NodeSelectorRequirement {
	if f.build != "" {
		return [][]corev1.NodeSelectorRequirement{{in(corev1.LabelOSStable, string(corev1.Windows)), in(corev1.LabelWindowsBuild, f.build)}}
	}
	out := make([][]corev1.NodeSelectorRequirement, 0, len(r.variants))
	for _, v := range r.variants {
		out = append(out, v.requirements())
	}
	return out
}

func in(key, value string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}
}
