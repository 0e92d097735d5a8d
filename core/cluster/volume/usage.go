// SPDX-License-Identifier: Apache-2.0

package volume

import storagev1 "k8s.io/api/storage/v1"

// Attachment is a claim that a pod uses and the driver that attaches it.
type Attachment struct {
	// Driver is the name of the CSI driver.
	Driver string
	// Claim is namespace/name of the PersistentVolumeClaim.
	Claim string
}

// Usage is the distinct claims in use, by driver (LIF-037). A claim that several
// pods share is one.
type Usage map[string]map[string]struct{}

// Add counts attachments in.
func (u Usage) Add(attachments []Attachment) {
	for _, a := range attachments {
		if u[a.Driver] == nil {
			u[a.Driver] = map[string]struct{}{}
		}
		u[a.Driver][a.Claim] = struct{}{}
	}
}

// Limits are the most claims of a driver that a node attaches; drivers that are
// not listed are unlimited (LIF-039).
type Limits map[string]int

// LimitsOf reads a CSINode, which may be nil.
func LimitsOf(node *storagev1.CSINode) Limits {
	if node == nil {
		return nil
	}
	var out Limits
	for i := range node.Spec.Drivers {
		d := &node.Spec.Drivers[i]
		if d.Allocatable == nil || d.Allocatable.Count == nil {
			continue
		}
		if out == nil {
			out = Limits{}
		}
		out[d.Name] = int(*d.Allocatable.Count)
	}
	return out
}

// Exceeded returns a driver of which the usage and the added attachments
// together are more than the limits allow, in the order of added.
func (l Limits) Exceeded(u Usage, added []Attachment) (driver string, exceeded bool) {
	extra := Usage{}
	for _, a := range added {
		if _, counted := u[a.Driver][a.Claim]; !counted {
			extra.Add([]Attachment{a})
		}
		if limit, limited := l[a.Driver]; limited && len(u[a.Driver])+len(extra[a.Driver]) > limit {
			return a.Driver, true
		}
	}
	return "", false
}
