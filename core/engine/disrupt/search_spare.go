// SPDX-License-Identifier: Apache-2.0

package disrupt

import "karpenter.sh/core/engine/place"

// without asks where pods would go if nodes were gone and the spare ones too.
func (x *search) without(nodes []*Node) (place.Input, bool) {
	asked, ok := x.question.Without(ids(nodes)...)
	for target := range x.state.Spare {
		if ok && !x.kept[target] {
			asked.Without = asked.Without.Add(target)
		}
	}
	return asked, ok
}

// onSpare asks the same where spare nodes stay, for their price.
func (x *search) onSpare(nodes []*Node) (*move, bool) {
	if len(x.state.Spare) == len(x.kept) {
		return nil, false
	}
	asked, ok := x.question.Without(ids(nodes)...)
	if !ok {
		return nil, false
	}
	m, _, ok := x.judge(nodes, asked, place.Solve(asked))
	return m, ok
}

// launching is what it costs to pay for the replacements beside the nodes, spread over
// the time in which the command has to pay.
func (m *move) launching() float64 {
	cost := 0.0
	for i := range m.command.Replacements {
		cost += m.command.Replacements[i].Bin.Price * besideTakes.Hours()
	}
	return cost / mostPaybackLaunching.Hours()
}

// keeping is what spare nodes cost that a command would have stay.
func (x *search) keeping(m *move) float64 {
	cost := 0.0
	for _, node := range m.command.Destinations {
		if !x.kept[node] {
			cost += x.state.Spare[node]
		}
	}
	return cost
}
