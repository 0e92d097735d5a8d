// SPDX-License-Identifier: Apache-2.0

package place

import (
	"math"

	"karpenter.sh/core/engine/resource"
)

// maxShapes is how many shapes a lot is packed as. More of them hardly make a
// better mix, and the search costs their number.
const maxShapes = 256

// coarsen takes shapes of nearly equal requests as one, with the most that any of
// them asks for, until there are few enough. Nodes are sized by what their pods
// do ask for in the end.
func (g *lot) coarsen() {
	for width := 1.02; len(g.shapes) > maxShapes && width < 2; width *= 1.04 {
		g.shapes = alike(g.shapes, width)
	}
}

// alike joins the shapes that are in the same interval for every resource. The
// intervals grow by the factor of width.
func alike(shapes []*shape, width float64) []*shape {
	var out []*shape
	at := map[string]*shape{}
	for _, sh := range shapes {
		k := interval(sh.requests, width)
		known := at[k]
		if known == nil {
			known = &shape{}
			at[k], out = known, append(out, known)
		}
		known.requests = known.requests.Raise(sh.requests)
		known.pods = append(known.pods, sh.pods...)
	}
	return out
}

func interval(requests resource.Vector, width float64) string {
	out := make([]byte, 0, 2*len(requests))
	for _, n := range requests {
		i := 0
		if n > 0 {
			i = 1 + int(math.Log(float64(n))/math.Log(width))
		}
		out = append(out, byte(i), byte(i>>8))
	}
	return string(out)
}
