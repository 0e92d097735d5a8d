// SPDX-License-Identifier: Apache-2.0

package cluster

// The vocabulary of labels only grows: with every node that was ever seen, if
// nodes have labels with values of their own. Beyond this size the model begins
// a new generation, whose vocabulary holds what is in use again.
const (
	vocabularyBase    = 50_000
	vocabularyPerNode = 64
)

// currentEpoch returns the epoch for a new snapshot, a new one when the
// vocabulary has outgrown what can be alive.
func (c *Cluster) currentEpoch() *epoch {
	if c.epoch.compiler.Vocabulary().Size() > vocabularyBase+vocabularyPerNode*len(c.order) {
		c.epoch = &epoch{compiler: c.epoch.compiler.Renewed(), daemons: c.epoch.daemons}
	}
	return c.epoch
}
