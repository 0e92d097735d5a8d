// SPDX-License-Identifier: Apache-2.0

// Package lag makes reads late: what was written shows only after a while, and not
// all of it on the first page.
//
// # What it holds
//
// [Delays] say, per kind of resource, for how long a write does not show. [Page]
// cuts a list into pages behind tokens that only it can read.
//
// # What it never does
//
// It keeps no resources and reads no clock.
//
// # Invariants
//
// A page never repeats or skips an item that was there all the time, as long as the
// caller's order is stable. A token that was not made here is refused.
package lag

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Delays are read-after-write delays by kind of resource.
type Delays struct {
	mu    sync.Mutex
	kinds map[string]time.Duration
}

// NewDelays returns delays of nothing.
func NewDelays() *Delays { return &Delays{kinds: map[string]time.Duration{}} }

// Set delays the reads of a kind.
func (d *Delays) Set(kind string, delay time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kinds[kind] = delay
}

// Shows reports whether a write of this kind can be read by now.
func (d *Delays) Shows(kind string, written, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !now.Before(written.Add(d.kinds[kind]))
}

// ErrToken means that a page token was not made here.
var ErrToken = errors.New("the page token is not valid")

const tokenMark = "page:"

// Page returns the page that token asks for, of at most limit items, and the token
// of the next page; "" after the last. key names an item; keys ascend over items.
// limit 0 is everything.
func Page[T any](items []T, key func(T) string, token string, limit int) (page []T, next string, err error) {
	start := 0
	if token != "" {
		after, err := readToken(token)
		if err != nil {
			return nil, "", err
		}
		for start < len(items) && key(items[start]) <= after {
			start++
		}
	}
	end := len(items)
	if limit > 0 && start+limit < end {
		end = start + limit
		next = writeToken(key(items[end-1]))
	}
	return items[start:end], next, nil
}

func writeToken(after string) string {
	return base64.URLEncoding.EncodeToString([]byte(tokenMark + strconv.Itoa(len(after)) + ":" + after))
}

func readToken(token string) (after string, err error) {
	text, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return "", ErrToken
	}
	rest, ok := strings.CutPrefix(string(text), tokenMark)
	if !ok {
		return "", ErrToken
	}
	size, after, _ := strings.Cut(rest, ":")
	if size != strconv.Itoa(len(after)) {
		return "", ErrToken
	}
	return after, nil
}
