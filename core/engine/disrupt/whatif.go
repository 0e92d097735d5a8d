// SPDX-License-Identifier: Apache-2.0

package disrupt

import "karpenter.sh/core/engine/place"

// WhatIf asks where pods would go if nodes, by ID in any order, were gone all at
// once (DIS-059, DIS-060). The pods of these nodes are the question's Moved ones;
// those that wait anyway are asked about too. The same set of nodes gives the same
// question. It is false if one of the nodes is no place for pods any more: there is
// nothing to decide about it now.
type WhatIf func(nodes ...string) (place.Input, bool)
