// SPDX-License-Identifier: Apache-2.0

package image

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// candidate is an image for types with some requirements.
type candidate struct {
	id, name     string
	created      time.Time
	deprecated   bool
	requirements []corev1.NodeSelectorRequirement
	// set is the requirements as a text: equal for equal ones.
	set string
}

// candidatesOf are what an image may become at a time: one for each set of
// requirements. An image of an architecture that is none of Kubernetes' is none
// (AWS-143).
func candidatesOf(i types.Image, sets [][]corev1.NodeSelectorRequirement, now time.Time) []candidate {
	arch := archOf(i.Architecture)
	if arch == "" || aws.ToString(i.ImageId) == "" {
		return nil
	}
	if len(sets) == 0 {
		sets = [][]corev1.NodeSelectorRequirement{nil}
	}
	out := make([]candidate, 0, len(sets))
	for _, set := range sets {
		c := candidate{
			id: *i.ImageId, name: aws.ToString(i.Name), created: timeOf(i.CreationDate), deprecated: Deprecated(i, now),
			requirements: inOrder(append(slices.Clone(set), in(corev1.LabelArchStable, arch))),
		}
		c.set = fmt.Sprint(c.requirements)
		out = append(out, c)
	}
	return out
}

func archOf(a types.ArchitectureValues) string {
	switch a {
	case types.ArchitectureValuesX8664:
		return "amd64"
	case types.ArchitectureValuesArm64:
		return "arm64"
	}
	return ""
}

// inOrder orders requirements by the length of their key, then by key (AWS-082).
func inOrder(requirements []corev1.NodeSelectorRequirement) []corev1.NodeSelectorRequirement {
	slices.SortFunc(requirements, func(a, b corev1.NodeSelectorRequirement) int {
		return cmp.Or(cmp.Compare(len(a.Key), len(b.Key)), strings.Compare(a.Key, b.Key))
	})
	return requirements
}

// timeOf reads a time of an image; zero if there is none that can be read.
func timeOf(text *string) time.Time {
	at, err := time.Parse(time.RFC3339, aws.ToString(text))
	if err != nil {
		return time.Time{}
	}
	return at
}

// Deprecated reports whether an image is deprecated at a time (AWS-145).
func Deprecated(i types.Image, now time.Time) bool {
	at := timeOf(i.DeprecationTime)
	return !at.IsZero() && !now.Before(at)
}

// choose keeps the best candidate of each set of requirements, in the order of the
// status: the newest first, then by ID (AWS-145).
func choose(candidates []candidate) []v1.AMI {
	best := map[string]candidate{}
	for _, c := range candidates {
		if other, taken := best[c.set]; !taken || preferred(c, other) < 0 {
			best[c.set] = c
		}
	}
	kept := make([]candidate, 0, len(best))
	for _, c := range best {
		kept = append(kept, c)
	}
	slices.SortFunc(kept, func(a, b candidate) int {
		return cmp.Or(b.created.Compare(a.created), strings.Compare(a.id, b.id), strings.Compare(a.set, b.set))
	})
	out := make([]v1.AMI, len(kept))
	for i, c := range kept {
		out[i] = v1.AMI{ID: c.id, Name: c.name, Deprecated: c.deprecated, Requirements: c.requirements}
	}
	return out
}

// preferred is negative if a is the better of two images for the same types: one that
// is not deprecated, then the newer, then the greater name; then by ID, so that the
// order of answers never decides (AWS-145).
func preferred(a, b candidate) int {
	if a.deprecated != b.deprecated {
		if a.deprecated {
			return 1
		}
		return -1
	}
	return cmp.Or(b.created.Compare(a.created), strings.Compare(b.name, a.name), strings.Compare(a.id, b.id))
}
