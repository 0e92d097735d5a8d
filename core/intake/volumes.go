// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/requirement"
)

// Volumes are what the persistent volumes of a pod demand of its node; the zero
// value demands nothing. Package storage works them out from the objects.
type Volumes struct {
	// Alternatives are node constraints of which any must be met, in the order
	// in which they are tried (SCH-083, SCH-085); nil leaves every node.
	Alternatives []requirement.Requirements
	// Conflict says that no node can have all volumes.
	Conflict bool
	// Attachments are the claims, in the order of the pod's volumes.
	Attachments []attach.Attachment
}

// alternatives are the engine's form of [Volumes.Alternatives].
func (c *Compiler) alternatives(v Volumes) []constraint.Sets {
	var out []constraint.Sets
	for _, rs := range v.Alternatives {
		out = append(out, c.vocabulary.Compile(rs))
	}
	return out
}
