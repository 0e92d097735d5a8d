// SPDX-License-Identifier: Apache-2.0

package model

import (
	"math"

	"karpenter.sh/core/engine/resource"
)

// blockSize is how many nodes an [Index] looks past at once.
const blockSize = 32

// indexed is how many resources an [Index] knows: CPU, memory and pods, the
// first that are interned. Nearly every pod asks for them, and a full node has
// none left of one.
const indexed = int(resource.Pods) + 1

// Index finds nodes with room. It keeps, for each block of nodes, the most that
// any of them has of CPU, memory and pods. Nodes only fill up while pods are
// placed, so it stays true for a whole run. It is immutable.
type Index struct {
	blocks [][indexed]int64
	nodes  int
}

// NewIndex indexes the nodes, which takes time in proportion to their number.
// Many what-ifs over one snapshot share one.
func NewIndex(nodes []*Node) *Index {
	x := &Index{nodes: len(nodes)}
	for i, n := range nodes {
		if i%blockSize == 0 {
			x.blocks = append(x.blocks, [indexed]int64{math.MinInt64, math.MinInt64, math.MinInt64})
		}
		block := &x.blocks[i/blockSize]
		for id := range block {
			block[id] = max(block[id], n.Free.Get(resource.ID(id)))
		}
	}
	return x
}

// Next is the first node from i on that is in a block with room for the
// requests, or the number of nodes.
func (x *Index) Next(i int, requests resource.Vector) int {
	for i < x.nodes && x.full(i/blockSize, requests) {
		i = (i/blockSize + 1) * blockSize
	}
	return min(i, x.nodes)
}

func (x *Index) full(block int, requests resource.Vector) bool {
	for id, most := range x.blocks[block] {
		if requests.Get(resource.ID(id)) > most {
			return true
		}
	}
	return false
}
