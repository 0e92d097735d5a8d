// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
)

// Bounds of a report, so that it can be read.
const (
	mostPods   = 20
	mostEvents = 3
	logLines   = 100
)

// Explain writes what a person needs to see why a test failed: of its own, the
// pods that do not run with their events, NodePools, NodeClaims and Nodes with
// what is not in order; and the end of the controller's log.
func (e *Environment) Explain(ctx context.Context, out io.Writer) {
	for _, section := range []struct {
		title string
		write func(context.Context, io.Writer) error
	}{
		{"pods that do not run", e.explainPods},
		{"NodePools", e.explainPools},
		{"NodeClaims", e.explainClaims},
		{"Nodes", e.explainNodes},
	} {
		fmt.Fprintf(out, "--- %s\n", section.title)
		if err := section.write(ctx, out); err != nil {
			fmt.Fprintf(out, "(not readable: %v)\n", err)
		}
	}
	fmt.Fprintf(out, "--- the last %d lines of the controller's log\n%s\n", logLines, e.Karpenter.LogTail(logLines))
}

func (e *Environment) explainPods(ctx context.Context, out io.Writer) error {
	var pods corev1.PodList
	if err := e.List(ctx, &pods, e.mine()); err != nil {
		return err
	}
	waiting := slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return Ready(&p) })
	events, err := e.eventsByObject(ctx)
	if err != nil {
		return err
	}
	for i := range waiting[:min(len(waiting), mostPods)] {
		p := &waiting[i]
		fmt.Fprintf(out, "%s/%s: %s on %q%s\n", p.Namespace, p.Name, p.Status.Phase, p.Spec.NodeName, leaving(p.DeletionTimestamp != nil))
		about := events[p.UID]
		for _, ev := range about[max(0, len(about)-mostEvents):] {
			fmt.Fprintf(out, "    %s %s (%s): %s\n", ev.LastTimestamp.Format("15:04:05"), ev.Reason, ev.Source.Component, ev.Message)
		}
	}
	if more := len(waiting) - mostPods; more > 0 {
		fmt.Fprintf(out, "and %d more\n", more)
	}
	return nil
}

func (e *Environment) eventsByObject(ctx context.Context) (map[types.UID][]corev1.Event, error) {
	var list corev1.EventList
	if err := e.List(ctx, &list); err != nil {
		return nil, err
	}
	slices.SortStableFunc(list.Items, func(a, b corev1.Event) int {
		return cmp.Compare(a.LastTimestamp.UnixNano(), b.LastTimestamp.UnixNano())
	})
	out := map[types.UID][]corev1.Event{}
	for _, ev := range list.Items {
		out[ev.InvolvedObject.UID] = append(out[ev.InvolvedObject.UID], ev)
	}
	return out, nil
}

func (e *Environment) explainPools(ctx context.Context, out io.Writer) error {
	var pools v1.NodePoolList
	if err := e.List(ctx, &pools, e.mine()); err != nil {
		return err
	}
	for i := range pools.Items {
		p := &pools.Items[i]
		fmt.Fprintf(out, "%s: %d nodes%s%s\n", p.Name, p.Status.Nodes, leaving(p.DeletionTimestamp != nil), troubles(p.Status.Conditions))
	}
	return nil
}

func (e *Environment) explainClaims(ctx context.Context, out io.Writer) error {
	var claims v1.NodeClaimList
	if err := e.List(ctx, &claims, e.mine()); err != nil {
		return err
	}
	events, err := e.eventsByObject(ctx)
	if err != nil {
		return err
	}
	for i := range claims.Items {
		c := &claims.Items[i]
		fmt.Fprintf(out, "%s: node %q%s%s\n", c.Name, c.Status.NodeName, leaving(c.DeletionTimestamp != nil), troubles(c.Status.Conditions))
		if c.StatusConditions().Root().IsTrue() && c.DeletionTimestamp == nil {
			continue
		}
		about := events[c.UID]
		for _, ev := range about[max(0, len(about)-mostEvents):] {
			fmt.Fprintf(out, "    %s %s: %s\n", ev.LastTimestamp.Format("15:04:05"), ev.Reason, ev.Message)
		}
	}
	return nil
}

func (e *Environment) explainNodes(ctx context.Context, out io.Writer) error {
	var nodes corev1.NodeList
	if err := e.List(ctx, &nodes, e.mine()); err != nil {
		return err
	}
	for i := range nodes.Items {
		n := &nodes.Items[i]
		var taints []string
		for _, t := range n.Spec.Taints {
			taints = append(taints, t.ToString())
		}
		fmt.Fprintf(out, "%s: ready %s, taints [%s]%s, finalizers %v, %d owners\n", n.Name, nodeReady(n),
			strings.Join(taints, " "), leaving(n.DeletionTimestamp != nil), n.Finalizers, len(n.OwnerReferences))
	}
	return nil
}

func nodeReady(n *corev1.Node) corev1.ConditionStatus {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status
		}
	}
	return corev1.ConditionUnknown
}

// troubles lists the conditions that are not True.
func troubles(conditions []Condition) string {
	var out []string
	for _, c := range conditions {
		if !c.IsTrue() {
			out = append(out, fmt.Sprintf("\n    %s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
		}
	}
	return strings.Join(out, "")
}

func leaving(deleted bool) string {
	if deleted {
		return ", on its way out"
	}
	return ""
}
