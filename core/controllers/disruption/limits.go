// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"slices"

	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/launch"
)

// withinLimits leaves out commands whose replacements would exceed a limit of the account,
// those of the commands before them counted (DIS-176). The nodes that go give back nothing
// before the replacements are there.
func (c *Controller) withinLimits(s *survey.Survey, commands []disrupt.Command) []disrupt.Command {
	if c.Limits == nil || !slices.ContainsFunc(commands, func(command disrupt.Command) bool { return len(command.Replacements) > 0 }) {
		return commands
	}
	orders := make([]launch.Order, len(commands))
	for i, command := range commands {
		orders[i], _ = s.Machines(command) // starting the command tells what is wrong
	}
	rationing := launch.Rationing{Unlaunched: c.Cluster.Unlaunched()}
	rationing.Limits = c.Limits()
	left := slices.Clone(commands)
	for _, held := range slices.Backward(rationing.Admit(orders)) {
		c.tellHeld(s, commands[held.Order], held)
		left = slices.Delete(left, held.Order, held.Order+1)
	}
	return left
}

// tellHeld tells of a command that a limit is in the way, and has its pools be left alone
// for a while: else it would be decided again and again.
func (c *Controller) tellHeld(s *survey.Survey, command disrupt.Command, held launch.Held) {
	pools := map[string]bool{}
	for _, id := range command.Nodes {
		c.tellRefusal(s, disrupt.Refusal{Node: id, Cause: disrupt.OverLimit, Limit: held.String()})
		if n := s.Node(id); n != nil && !pools[n.NodePool()] {
			pools[n.NodePool()] = true
			c.failed(n.NodePool(), command.Kind.Reason)
		}
	}
}
