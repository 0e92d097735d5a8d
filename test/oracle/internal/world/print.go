// SPDX-License-Identifier: Apache-2.0

package world

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// String lists the world, one object a line, without what is the same for all.
func (w *World) String() string {
	var b strings.Builder
	for _, p := range w.Pools {
		np := p.NodePool
		fmt.Fprintf(&b, "pool %s weight %s limits %s labels %s taints %s requirements %s\n", np.Name, written(np.Spec.Weight), written(np.Spec.Limits),
			written(np.Spec.Template.ObjectMeta.Labels), written(np.Spec.Template.Spec.Taints), written(np.Spec.Template.Spec.Requirements))
		for _, it := range p.Types {
			fmt.Fprintf(&b, "  type %s %s", it.Name, it.Requirements)
			for _, o := range it.Offerings {
				fmt.Fprintf(&b, "; %s/%s %.2f %t", o.Zone(), o.CapacityType(), o.Price, o.Available)
			}
			fmt.Fprintf(&b, "; %s\n", written(it.Capacity))
		}
	}
	for _, set := range w.DaemonSets {
		fmt.Fprintf(&b, "daemon %s %s\n", set.Name, spec(&set.Spec.Template.Spec))
	}
	for _, n := range w.Nodes {
		fmt.Fprintf(&b, "node %s labels %s taints %s allocatable %s\n", n.Name, written(n.Labels), written(n.Spec.Taints), written(n.Status.Allocatable))
	}
	for _, c := range w.NodeClaims {
		fmt.Fprintf(&b, "claim of %s labels %s taints %s\n", c.Status.NodeName, written(c.Labels), written(c.Spec.Taints))
	}
	for _, c := range w.CSINodes {
		fmt.Fprintf(&b, "node %s attaches %d\n", c.Name, *c.Spec.Drivers[0].Allocatable.Count)
	}
	for _, v := range w.Volumes {
		fmt.Fprintf(&b, "volume %s class %s %s %s %s\n", v.Name, v.Spec.StorageClassName, v.Status.Phase, written(v.Spec.Capacity), written(v.Spec.NodeAffinity))
	}
	for _, c := range w.Claims {
		fmt.Fprintf(&b, "claim %s/%s %s %s\n", c.Namespace, c.Name, written(c.Annotations), written(c.Spec))
	}
	for _, c := range w.Classes {
		fmt.Fprintf(&b, "class %s by %s in %s\n", c.Name, c.Provisioner, written(c.AllowedTopologies))
	}
	for _, r := range w.Room {
		fmt.Fprintf(&b, "room for %s: %s in %s\n", r.StorageClassName, r.Capacity, written(r.NodeTopology))
	}
	for _, p := range slices.Concat(w.Bound, w.Leaving, w.Pending) {
		fmt.Fprintf(&b, "pod %s/%s on %q %s terminating %t labels %s %s\n", p.Namespace, p.Name, p.Spec.NodeName, p.Status.Phase,
			p.DeletionTimestamp != nil, written(p.Labels), spec(&p.Spec))
	}
	return b.String()
}

// spec is a pod's spec without empty fields.
func spec(s *corev1.PodSpec) string {
	fields := map[string]any{}
	if err := json.Unmarshal([]byte(written(s)), &fields); err != nil {
		return err.Error()
	}
	maps.DeleteFunc(fields, func(key string, v any) bool { return v == nil || key == "nodeName" })
	return strings.ReplaceAll(written(fields), `"`, "")
}

func written(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
