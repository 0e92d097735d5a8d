// SPDX-License-Identifier: Apache-2.0

package network

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
)

// ErrFull means that a pool has no free address. It is a matter of capacity.
var ErrFull = errors.New("no free address")

// ErrNotReady means that it is not known yet which addresses are taken.
var ErrNotReady = errors.New("it is not known yet which addresses are taken")

// NodeHolder is the name by which a Node holds addresses.
func NodeHolder(name string) string { return "node " + name }

// Book knows which addresses are taken, and by whom. It is safe for concurrent use.
type Book struct {
	mu     sync.Mutex
	ready  bool
	holder map[string][]netip.Addr // by who holds them
	taken  map[netip.Addr]int      // how many hold it
}

// NewBook returns a book that gives nothing until it is [Book.Ready].
func NewBook() *Book {
	return &Book{holder: map[string][]netip.Addr{}, taken: map[netip.Addr]int{}}
}

// Ready says that all holders have been told (PVE-084).
func (b *Book) Ready() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ready = true
}

// Hold says which addresses somebody holds, such as a Node, a machine or a bridge, in
// place of those before. None: nobody holds any by that name.
func (b *Book) Hold(holder string, addresses ...netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.release(holder)
	for _, a := range addresses {
		b.add(holder, a.Unmap())
	}
}

// Learn says which addresses somebody was seen with, beside those held by that name
// already: what a launch was given may not be seen yet.
func (b *Book) Learn(holder string, addresses ...netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range addresses {
		if a = a.Unmap(); !slices.Contains(b.holder[holder], a) {
			b.add(holder, a)
		}
	}
}

// Release gives back what somebody holds.
func (b *Book) Release(holder string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.release(holder)
}

func (b *Book) add(holder string, a netip.Addr) {
	if !a.IsValid() {
		return
	}
	b.holder[holder] = append(b.holder[holder], a)
	b.taken[a]++
}

func (b *Book) release(holder string) {
	for _, a := range b.holder[holder] {
		if b.taken[a]--; b.taken[a] == 0 {
			delete(b.taken, a)
		}
	}
	delete(b.holder, holder)
}

// Allocate gives the interface of a machine its addresses, and holds those of pools for it
// (PVE-081, PVE-085). On error the holder holds what it held before.
func (b *Book) Allocate(holder string, i Interface, on Bridge) (Interface, error) {
	if IsPool(i.Address6) && i.Address6.Bits() < i.Address6.Addr().BitLen() {
		own, err := SLAAC(i.Address6, i.MAC)
		if err != nil {
			return i, err
		}
		i.Address6 = own
	}
	if !IsPool(i.Address4) {
		return i, nil
	}
	start := i.Address4.Addr()
	if pool := i.Address4; on.Address4.IsValid() && pool.Bits() <= on.Address4.Bits() && pool.Contains(on.Address4.Addr()) {
		start = on.Address4.Addr()
		if !i.Gateway4.IsValid() {
			i.Gateway4 = start
		}
	}
	found, err := b.next(holder, i.Address4, start, i.Gateway4)
	if err != nil {
		return i, err
	}
	i.Address4 = netip.PrefixFrom(found, i.Address4.Bits())
	return i, nil
}

// next takes the first free address of a pool from a start on, beginning anew at its end.
func (b *Book) next(holder string, pool netip.Prefix, start, gateway netip.Addr) (netip.Addr, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ready {
		return netip.Addr{}, ErrNotReady
	}
	if !pool.Addr().Is4() {
		return netip.Addr{}, fmt.Errorf("%s is no IPv4 network", pool)
	}
	size := uint64(1) << (32 - pool.Bits())
	first := number(pool.Masked().Addr())
	offset := number(start) - first
	for step := range size {
		at := (offset + step) % size
		if at == 0 || at == size-1 {
			continue // the network, and all of it
		}
		a := address(first + at)
		if a != gateway && b.taken[a] == 0 {
			b.add(holder, a)
			return a, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("%s: %w", pool, ErrFull)
}

func number(a netip.Addr) uint64 {
	four := a.As4()
	return uint64(binary.BigEndian.Uint32(four[:]))
}

func address(n uint64) netip.Addr {
	var four [4]byte
	binary.BigEndian.PutUint32(four[:], uint32(n))
	return netip.AddrFrom4(four)
}
