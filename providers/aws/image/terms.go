// SPDX-License-Identifier: Apache-2.0

package image

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/query"
)

// filterLimit is how many values EC2 takes in one filter.
const filterLimit = 200

// lookup is a request of DescribeImages.
type lookup struct {
	filters []types.Filter
	// owners are accounts or "self" and "amazon"; none is anybody.
	owners []string
	// sets are the requirements by ID of image, of those which have more than the
	// architecture.
	sets map[string][][]corev1.NodeSelectorRequirement
}

// byID looks for images by ID.
func byID(ids []string) lookup {
	return lookup{filters: []types.Filter{query.Filter("image-id", query.Distinct(ids)...)}}
}

// aliasOf is the alias of some terms; empty if they have none.
func aliasOf(terms []v1.AMISelectorTerm) string {
	at := slices.IndexFunc(terms, func(t v1.AMISelectorTerm) bool { return t.Alias != "" })
	if at < 0 {
		return ""
	}
	return terms[at].Alias
}

// customParameters are the parameters that terms name.
func customParameters(terms []v1.AMISelectorTerm) []string {
	var out []string
	for _, t := range terms {
		if t.ID == "" && t.SSMParameter != "" {
			out = append(out, t.SSMParameter)
		}
	}
	return query.Distinct(out)
}

// lookupsOf are the requests of terms without alias; resolved are the images that the
// parameters they name hold. In a mixed term the ID wins, then the parameter (AWS-143).
func lookupsOf(terms []v1.AMISelectorTerm, resolved []string) []lookup {
	ids := slices.Clone(resolved)
	var out []lookup
	for _, t := range terms {
		switch {
		case t.ID != "":
			ids = append(ids, t.ID)
		case t.SSMParameter != "":
		case t.Name != "" || len(t.Tags) > 0:
			out = append(out, lookup{filters: nameAndTags(t), owners: ownersOf(t)})
		}
	}
	if len(ids) > 0 {
		out = append(out, byID(ids))
	}
	return out
}

func nameAndTags(t v1.AMISelectorTerm) []types.Filter {
	var filters []types.Filter
	if t.Name != "" {
		filters = append(filters, query.Filter("name", t.Name))
	}
	return append(filters, query.Tags(t.Tags)...)
}

// ownersOf are the owners of a term. Anybody can give an image any name, so a name
// alone is only looked for where it can be trusted. Tags are the account's own.
func ownersOf(t v1.AMISelectorTerm) []string {
	switch {
	case t.Owner != "":
		return []string{t.Owner}
	case t.Name != "":
		return []string{"self", "amazon"}
	}
	return nil
}

// isImage reports whether a text can be the ID of an image.
func isImage(text string) bool { return strings.HasPrefix(text, "ami-") }
