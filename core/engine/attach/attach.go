// SPDX-License-Identifier: Apache-2.0

// Package attach counts the volumes that nodes attach. A CSI driver may attach
// no more than so many claims to a node; a claim that several pods of the node
// use counts once (SCH-089).
//
// Imports the standard library only.
package attach

import "maps"

// Attachment is a claim that a pod uses and the driver that attaches it.
type Attachment struct {
	// Driver is the name of the CSI driver; empty where nothing attaches the
	// volume. Such a claim is not counted.
	Driver string
	// Claim is namespace/name of the PersistentVolumeClaim.
	Claim string
}

// Usage is the distinct claims in use, by driver (LIF-037). The nil Usage holds
// none.
type Usage map[string]map[string]struct{}

// Add counts attachments in.
func (u Usage) Add(attachments []Attachment) {
	for _, a := range attachments {
		if a.Driver == "" {
			continue
		}
		if u[a.Driver] == nil {
			u[a.Driver] = map[string]struct{}{}
		}
		u[a.Driver][a.Claim] = struct{}{}
	}
}

// With returns the usage with attachments counted in; u stays as it was.
func (u Usage) With(attachments []Attachment) Usage {
	out := make(Usage, len(u)+1)
	for driver, claims := range u {
		out[driver] = maps.Clone(claims)
	}
	out.Add(attachments)
	return out
}

func (u Usage) has(a Attachment) bool {
	_, counted := u[a.Driver][a.Claim]
	return counted
}

// Limits are the most claims of a driver that a node attaches; drivers that are
// not listed are unlimited (LIF-039).
type Limits map[string]int

// Exceeded returns a driver of which the usage and the added attachments
// together are more than the limits allow, in the order of added. What is in
// the usage already adds nothing, be it too much or not.
func (l Limits) Exceeded(u Usage, added []Attachment) (driver string, exceeded bool) {
	if len(l) == 0 {
		return "", false
	}
	extra := Usage{}
	for _, a := range added {
		limit, limited := l[a.Driver]
		if !limited || a.Driver == "" || u.has(a) {
			continue
		}
		extra.Add([]Attachment{a})
		if len(u[a.Driver])+len(extra[a.Driver]) > limit {
			return a.Driver, true
		}
	}
	return "", false
}
