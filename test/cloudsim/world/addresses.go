// SPDX-License-Identifier: Apache-2.0

package world

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Addresses are the IPv4 addresses of a subnet. It is not safe for concurrent use.
type Addresses struct {
	first    uint32
	size     int // usable
	next     int // never used from here on
	returned []uint32
	blocked  int
}

// NewAddresses returns the addresses of a prefix, without so many at its start and
// the last one, which the cloud keeps for itself.
func NewAddresses(prefix netip.Prefix, reserved int) (*Addresses, error) {
	if !prefix.Addr().Is4() || prefix.Bits() > 30 || prefix.Bits() < 8 {
		return nil, fmt.Errorf("addresses of %s: want an IPv4 prefix between /8 and /30", prefix)
	}
	bytes := prefix.Masked().Addr().As4()
	total := 1 << (32 - prefix.Bits())
	return &Addresses{
		first: binary.BigEndian.Uint32(bytes[:]) + uint32(reserved),
		size:  max(0, total-reserved-1),
	}, nil
}

// Free is how many can still be had.
func (a *Addresses) Free() int { return max(0, a.size-a.next+len(a.returned)-a.blocked) }

// Block takes so many out of use, or, if less than before, puts some back.
func (a *Addresses) Block(n int) { a.blocked = n }

// Take takes one; false: there is none.
func (a *Addresses) Take() (netip.Addr, bool) {
	if a.Free() == 0 {
		return netip.Addr{}, false
	}
	var n uint32
	if a.next < a.size {
		n = a.first + uint32(a.next)
		a.next++
	} else {
		n = a.returned[0]
		a.returned = a.returned[1:]
	}
	var bytes [4]byte
	binary.BigEndian.PutUint32(bytes[:], n)
	return netip.AddrFrom4(bytes), true
}

// Give returns one.
func (a *Addresses) Give(address netip.Addr) {
	bytes := address.As4()
	a.returned = append(a.returned, binary.BigEndian.Uint32(bytes[:]))
}
