// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// noProvisioner is that of a class whose volumes somebody makes beforehand.
const noProvisioner = "kubernetes.io/no-provisioner"

// demand is what one claim demands of a node. The topologies of a claim that has
// its place are given. Any other is met by a volume that is there already, or by
// one that is made for it, as the scheduler decides for each node.
type demand struct {
	size  resource.Quantity
	given bool
	// places are the topologies that are given, or where a volume can be made; nil
	// restrict nothing.
	places []requirement.Requirements
	// made says that a volume can be made.
	made bool
	// volumes are those that would do, the smallest first.
	volumes []candidate
}

// candidate is a volume that fits a claim, with where it can be reached from; nil
// is anywhere.
type candidate struct {
	name   string
	places []requirement.Requirements
}

// demand works out what a claim demands. An error says what is missing, or why the
// claim can be met nowhere.
func (r *Rules) demand(c Claim) (*demand, error) {
	if err := c.Missing(); err != nil {
		return nil, err
	}
	d := &demand{given: true}
	var err error
	switch {
	case c.Volume != nil:
		d.places, err = r.ofVolume(c.Volume)
	case c.Selected != nil:
		d.places, err = r.chosen(c)
	case c.Class != nil:
		d, err = r.open(c)
	}
	return d, err
}

// chosen is the node for which the scheduler has asked for a volume, if one can be
// made there still.
func (r *Rules) chosen(c Claim) ([]requirement.Requirements, error) {
	if c.Class == nil {
		return nil, errors.New("it is not bound and has no StorageClass")
	}
	made, err := r.provisioned(c)
	if err != nil {
		return nil, err
	}
	host := requirement.All(requirement.In(label.Hostname, hostname(c.Selected)))
	return product([]requirement.Requirements{host}, made)
}

func hostname(node *corev1.Node) string {
	if name, ok := node.Labels[corev1.LabelHostname]; ok {
		return name
	}
	return node.Name
}

// open is the demand of a claim that is not bound.
func (r *Rules) open(c Claim) (*demand, error) {
	if err := c.awaitsNobody(); err != nil {
		return nil, err
	}
	d := &demand{size: c.Object.Spec.Resources.Requests[corev1.ResourceStorage]}
	var err error
	if d.volumes, err = r.candidates(c); err != nil {
		return nil, err
	}
	var none error
	if d.places, none = r.provisioned(c); none == nil {
		d.made = true
	} else if len(d.volumes) == 0 {
		return nil, none
	}
	return d, nil
}

// provisioned are the topologies in which a volume for the claim can be made; none
// restrict nothing. An error says why none can be made.
func (r *Rules) provisioned(c Claim) ([]requirement.Requirements, error) {
	if c.Class.Provisioner == "" || c.Class.Provisioner == noProvisioner {
		return nil, fmt.Errorf("no PersistentVolume of its StorageClass %q that fits it is available, and the class makes none", c.Class.Name)
	}
	allowed, err := r.ofClass(c.Class)
	if err != nil || !c.Tracked {
		return allowed, err
	}
	size, asked := c.Object.Spec.Resources.Requests[corev1.ResourceStorage]
	if !asked {
		return allowed, nil
	}
	room, err := r.roomFor(size, c)
	if err != nil {
		return nil, err
	}
	all := anywhere()
	for _, topologies := range [][]requirement.Requirements{allowed, room} {
		if all, err = product(all, topologies); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("its driver %q has no room for %s where StorageClass %q allows volumes", c.Class.Provisioner, size.String(), c.Class.Name)
	}
	return all, nil
}

// topologies are all from which the claim can be met; nil restrict nothing.
func (d *demand) topologies() []requirement.Requirements {
	if d.given || d.made && len(d.places) == 0 {
		return d.places
	}
	var out []requirement.Requirements
	for _, v := range d.volumes {
		if len(v.places) == 0 {
			return nil
		}
		for _, place := range v.places {
			if !slices.ContainsFunc(out, place.Equal) {
				out = append(out, place)
			}
		}
	}
	return append(out, d.places...)
}

// together reports whether the claims of one pod can all be met on a node that
// meets these requirements. Each volume serves one claim; like the scheduler, the
// smallest claim chooses first, and takes the smallest volume.
func together(demands []*demand, node requirement.Requirements) bool {
	open := slices.DeleteFunc(slices.Clone(demands), func(d *demand) bool { return d.given })
	slices.SortStableFunc(open, func(a, b *demand) int { return a.size.Cmp(b.size) })
	taken := map[string]bool{}
	for _, d := range open {
		if name, found := d.choose(node, taken); found {
			taken[name] = true
		} else if !d.made || !reaches(d.places, node) {
			return false
		}
	}
	return true
}

func (d *demand) choose(node requirement.Requirements, taken map[string]bool) (string, bool) {
	for _, v := range d.volumes {
		if !taken[v.name] && reaches(v.places, node) {
			return v.name, true
		}
	}
	return "", false
}

// reaches reports whether every node that meets the requirements is in one of the
// places.
func reaches(places []requirement.Requirements, node requirement.Requirements) bool {
	return len(places) == 0 || slices.ContainsFunc(places, func(place requirement.Requirements) bool {
		return node.Intersect(place).Equal(node)
	})
}
