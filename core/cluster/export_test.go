// SPDX-License-Identifier: Apache-2.0

package cluster

// KeptRules is how many topology rules are counted for.
func (c *Cluster) KeptRules() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.census.rules)
}
