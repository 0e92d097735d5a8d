// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"karpenter.sh/test/internal/census"
)

// rows are the table from top to bottom; -help says what they mean.
func rows() []row {
	out := []row{{
		label: "machine busy before, %", value: func(r Result) string {
			if r.Busy < 0 {
				return "–"
			}
			return fmt.Sprintf("%.0f", 100*r.Busy)
		},
		help: "How much of the machine's processors was at work just before the case, while the\ncluster was idle. What else the machine does makes all times longer.",
	}, {label: "New nodes"}}
	out = append(out, nodeRows()...)
	out = append(out, stepRows(func(r Result) Steps { return r.Fresh })...)
	out = append(out, row{label: "The same pods, nodes already there"})
	out = append(out, stepRows(func(r Result) Steps { return r.Standing.Steps })...)
	out = append(out, row{
		label: "pods without room", value: func(r Result) string { return fmt.Sprint(r.Standing.Unfit) },
		help: "Pods that the scheduler found no room for on these nodes: it fills them in another\norder. They got nodes of their own and do not count in the times above.",
	})
	out = append(out, row{label: "Controller, while the pods on new nodes came to run"})
	out = append(out, controllerRows()...)
	out = append(out, row{label: "Plans"})
	return append(out, planRows()...)
}

func nodeRows() []row {
	return []row{
		{
			label: "first NodeClaim", value: func(r Result) string { return seconds(r.NodeClaims.First) },
			help: "When the first NodeClaim was seen: the batching window and the first plan.",
		},
		{
			label: "nodes ready, first", value: func(r Result) string { return seconds(r.NodesReady.First) },
			help: "When the first node was Ready. Fake nodes are at once.",
		},
		{
			label: "nodes ready, last", value: func(r Result) string { return seconds(r.NodesReady.Last) },
			help: "When the last node was Ready.",
		},
		{
			label: "nodes open, last", value: func(r Result) string { return seconds(r.NodesOpen.Last) },
			help: "When the last node was Ready without the taint of unregistered nodes, so that pods\ncould bind to it.",
		},
	}
}

// stepRows are the times of pods in a part of a case.
func stepRows(steps func(Result) Steps) []row {
	return []row{
		{
			label: "pods created, last", value: func(r Result) string { return seconds(steps(r).Created.Last) },
			help: "When the last pod was seen: what the API server takes for the burst, or the time\nthat the case asks for.",
		},
		{
			label: "pods bound, median", value: func(r Result) string { return seconds(steps(r).Bound.Median) },
			help: "When half of the pods had a node.",
		},
		{
			label: "pods bound, p99", value: func(r Result) string { return seconds(steps(r).Bound.P99) },
			help: "When 99% of the pods had a node.",
		},
		{
			label: "pods running, median", value: func(r Result) string { return seconds(steps(r).Running.Median) },
			help: "When half of the pods were Ready.",
		},
		{
			label: "pods running, p99", value: func(r Result) string { return seconds(steps(r).Running.P99) },
			help: "When 99% of the pods were Ready.",
		},
		{
			label: "pods running, last", value: func(r Result) string { return seconds(steps(r).Running.Last) },
			help: "When all pods were Ready.",
		},
		{
			label: "from own creation, median", value: func(r Result) string { return seconds(steps(r).Wait.Median) },
			help: "How long a pod took to be Ready from its own creation on. It says more than the\ntimes above where pods come over a time.",
		},
		{
			label: "from own creation, p99", value: func(r Result) string { return seconds(steps(r).Wait.P99) },
			help: "The same for the pod that all but 1% were faster than.",
		},
	}
}

func controllerRows() []row {
	out := []row{
		{
			label: "CPU", value: func(r Result) string { return seconds(r.Controller.CPU) },
			help: "Processor time that Karpenter's process used.",
		},
		{
			label: "cores, mean", value: func(r Result) string { return fmt.Sprintf("%.2f", r.Controller.Cores) },
			help: "The same for each second that passed.",
		},
		{
			label: "peak memory", value: func(r Result) string { return census.Bytes(float64(r.Controller.PeakMemory)) },
			help: "The most resident memory that was seen. A process keeps memory that it has freed for\na while: earlier cases show in later ones.",
		},
	}
	for _, verb := range []struct{ label, method string }{
		{"create", "POST"}, {"update", "PUT"}, {"patch", "PATCH"}, {"delete", "DELETE"}, {"read", "GET"},
	} {
		out = append(out, row{
			label: "requests, " + verb.label, value: func(r Result) string { return fmt.Sprint(r.Controller.Requests[verb.method]) },
			help: "Requests that Karpenter sent to the API server with the method " + verb.method + ".",
		})
	}
	return out
}

func planRows() []row {
	return []row{
		{
			label: "nodes planned", value: func(r Result) string { return fmt.Sprint(r.Planned.Nodes) },
			help: "NodeClaims of the rounds that began before any node was ready: what was planned\nbefore the scheduler had a say, perhaps before some of the pods came. A round ends\nwhere no NodeClaim comes for 0.75 s.",
		},
		{
			label: "nodes built", value: func(r Result) string { return fmt.Sprint(r.Built.Nodes) },
			help: "NodeClaims that came before the last pod ran.",
		},
		{
			label: "built / planned", value: func(r Result) string { return r.toPlanned(float64(r.Built.Nodes), float64(r.Planned.Nodes)) },
			help: "1 if the plan held. A dash if the nodes planned were not for all pods, because some\ncame later.",
		},
		{
			label: "bill, $/h", value: func(r Result) string { return fmt.Sprintf("%.2f", r.Built.Dollars) },
			help: "What the nodes that were built cost an hour.",
		},
		{
			label: "bill / planned", value: func(r Result) string { return r.toPlanned(r.Built.Dollars, r.Planned.Dollars) },
			help: "The bill beside that of the nodes planned; a dash as above.",
		},
		{
			label: "bill / planned at once", value: func(r Result) string { return ratio(r.Built.Dollars, r.AtOnce.Dollars) },
			help: "The bill beside that of a plan made at the end, for all pods in one go and an empty\ncluster, by the same engine. It assumes the provider's own instance types.",
		},
		{
			label: "pods told where to go", value: func(r Result) string { return fmt.Sprint(r.Told) },
			help: "Pods whose node was known before they were bound, from status.nominatedNodeName or\nfrom a Nominated event. Events are limited to five a second after a burst of ten: by\nthemselves they are a sample.",
		},
		{
			label: "bound where told, %", value: func(r Result) string { return percent(r.Agreed, r.Told) },
			help: "How many of them were bound to the node that they were told last.",
		},
		{
			label: "pods planned twice", value: func(r Result) string { return fmt.Sprint(r.Twice) },
			help: "Pods that all NodeClaims were planned for, less daemons and less the pods there are.\nBelow zero: so many pods joined nodes that were planned before they came.",
		},
	}
}

// toPlanned compares with the plan that was made before any node was ready, which
// says nothing if more pods were to come.
func (r Result) toPlanned(built, planned float64) string {
	if r.Planned.Pods < r.Pods {
		return "–"
	}
	return ratio(built, planned)
}

func percent(part, all int) string {
	if all == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", 100*float64(part)/float64(all))
}
