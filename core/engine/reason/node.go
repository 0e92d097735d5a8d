// SPDX-License-Identifier: Apache-2.0

package reason

import (
	"fmt"
	"slices"
	"strings"
)

// subject is the pool or the node that a reason is about; empty for neither.
func (r Reason) subject() string {
	if r.Node != "" {
		return r.Node
	}
	return r.Pool
}

// kind is what the subject is.
func (r Reason) kind() string {
	if r.Node != "" {
		return "node"
	}
	return "nodepool"
}

// more is what a list that is cut off counts. A node may have several reasons.
func (r Reason) more() string {
	if r.Node != "" {
		return "reason(s)"
	}
	return "nodepool(s)"
}

// adds reports whether the group is about the very nodes of another one.
func (g *group) adds(to *group) bool {
	return g.Node != "" && to.Node != "" && slices.Equal(g.subjects, to.subjects)
}

// beside puts together what is said of the same nodes.
func beside(groups []*group) []*group {
	out := make([]*group, 0, len(groups))
	for _, g := range groups {
		at := len(out)
		for i := range out {
			if g.adds(out[i]) {
				at = i + 1
			}
		}
		out = slices.Insert(out, at, g)
	}
	return out
}

// ofNode says what is in the way on an existing node, where that is said otherwise
// than of a pool.
func (r Reason) ofNode() (string, bool) {
	if r.Node == "" {
		return "", false
	}
	switch r.Cause {
	case LeftOut:
		return "left out as a target", true
	case Closed:
		return "takes none of these pods for now", true
	case Room:
		return r.room(), true
	case HostPorts:
		return "host ports are taken: " + r.Detail, true
	case Labels:
		return onNode(r.Labels, "the pod wants", ", "), true
	case Volumes:
		return "the volumes of the pod cannot be on it: " + onNode(r.Labels, "they want", ", or "), true
	case Topology:
		return r.notAllowed(), true
	case AttachLimits:
		return r.tooManyVolumes(), true
	case Uninitialized:
		return "not initialized, and the pod need not move", true
	}
	return "", false
}

func (r Reason) room() string {
	offered, needed := make([]string, len(r.Lacks)), make([]string, len(r.Lacks))
	for i, l := range r.Lacks {
		offered[i], needed[i] = l.texts()
		if l.Offered < 0 { // then nothing fits, be it asked for or not
			offered[i] = Amount{l.Resource, l.Offered}.String()
		}
	}
	return fmt.Sprintf("%s left; the pod needs %s", strings.Join(offered, ", "), bare(needed))
}

// onNode says what the node has of each label instead of what is wanted.
func onNode(labels []Label, who, separator string) string {
	parts := make([]string, len(labels))
	for i, l := range labels {
		has := "is not set"
		if values := l.Offered.Values(); !l.Undefined && len(values) > 0 {
			has = "is " + Shorten(values, shownOffers)
		}
		parts[i] = fmt.Sprintf("label %s %s; %s %s", l.Wanted.Key(), has, who, set(l.Wanted))
	}
	return strings.Join(parts, separator)
}

func (r Reason) notAllowed() string {
	if alone := r.alone(); len(alone) > 0 {
		return listed(alone)
	}
	return "not allowed by " + listed(r.Topology)
}

func (r Reason) tooManyVolumes() string {
	left := r.Lacks[0]
	return fmt.Sprintf("attaches %d more volume(s) of driver %q; the pod needs %d", left.Offered, r.Detail, left.Needed)
}
