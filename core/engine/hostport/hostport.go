// SPDX-License-Identifier: Apache-2.0

// Package hostport says which pods cannot share a node because of the ports
// they take of it. Imports strconv only.
package hostport

import "strconv"

// Port is a port that a pod takes of its node, in canonical form: an empty IP
// is 0.0.0.0, an empty protocol is TCP (SCH-100).
type Port struct {
	IP       string
	Number   int32
	Protocol string
}

// String is number/protocol, such as 80/TCP, behind the address if it is one.
func (p Port) String() string {
	text := strconv.Itoa(int(p.Number)) + "/" + p.Protocol
	if p.unspecified() {
		return text
	}
	return p.IP + ":" + text
}

// Conflicts reports whether two pods cannot have both ports on one node
// (SCH-100): unspecified addresses stand for every address.
func (p Port) Conflicts(o Port) bool {
	return p.Number == o.Number && p.Protocol == o.Protocol &&
		(p.IP == o.IP || p.unspecified() || o.unspecified())
}

func (p Port) unspecified() bool { return p.IP == "0.0.0.0" || p.IP == "::" }

// Ports are those of one pod or of all pods on a node.
type Ports []Port

// Conflict reports whether any port of one list conflicts with any of the
// other.
func (ps Ports) Conflict(others Ports) bool {
	for _, p := range ps {
		for _, o := range others {
			if p.Conflicts(o) {
				return true
			}
		}
	}
	return false
}
