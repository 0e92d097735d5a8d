// SPDX-License-Identifier: Apache-2.0

package pve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/luthermonson/go-proxmox"
	"k8s.io/utils/clock"
)

// Credentials are either a token or a user with a password.
type Credentials struct {
	TokenID, TokenSecret string
	Username, Password   string
}

// session signs requests. With a password it holds a ticket, which it renews in time. The
// module's own tickets are not used: it reads them without a lock.
type session struct {
	url    string
	http   *http.Client
	source func() (Credentials, error)
	clock  clock.Clock

	mu          sync.Mutex // guards what follows; no call is made with it
	credentials Credentials
	ticket      ticket
	generation  int // counts what requests were signed with; 0: nothing yet
	loading     *loading
	refused     error     // why no ticket was given
	again       time.Time // until when that holds
}

// loading is under way, for all who wait for it.
type loading struct {
	done chan struct{}
	err  error // to be read when done
}

// ticket is what a password was exchanged for.
type ticket struct {
	Ticket string `json:"ticket"`
	CSRF   string `json:"CSRFPreventionToken"`

	renew time.Time
}

// ticketRenewal is after how long a ticket is replaced; it is good for twice as long.
const ticketRenewal = time.Hour

// ticketPause is how long nobody asks for a ticket after one was not given: each who does
// may wait for as long as a request.
const ticketPause = 5 * time.Second

// ready makes sure that there is something to sign with, and tells its generation.
func (s *session) ready(ctx context.Context) (int, error) {
	s.mu.Lock()
	used, good := s.generation, s.generation > 0 && (s.ticket.Ticket == "" || s.clock.Now().Before(s.ticket.renew))
	s.mu.Unlock()
	if good {
		return used, nil
	}
	if err := s.load(ctx, used); err != nil {
		return used, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation, nil
}

// renew replaces what a request was signed with that was refused; false: there is nothing
// else to sign with.
func (s *session) renew(ctx context.Context, used int) bool {
	s.mu.Lock()
	renewed, before, ticketed := used != s.generation, s.credentials, s.ticket.Ticket != ""
	s.mu.Unlock()
	if renewed {
		return true // by another call
	}
	if err := s.load(ctx, used); err != nil {
		return false // the refusal says it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return ticketed || s.credentials != before
}

// load replaces what was used, unless another call has. All who want that at the same time
// wait for one request, each no longer than their context.
func (s *session) load(ctx context.Context, used int) error {
	s.mu.Lock()
	l := s.loading
	switch {
	case s.generation != used:
		s.mu.Unlock()
		return nil
	case l != nil:
	case s.refused != nil && s.clock.Now().Before(s.again):
		defer s.mu.Unlock()
		return s.refused
	default:
		l = &loading{done: make(chan struct{})}
		s.loading = l
		go s.fetch(context.WithoutCancel(ctx), l) // the client bounds it
	}
	s.mu.Unlock()
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
		return fmt.Errorf("waiting for a ticket of %s: %w", s.url, context.Cause(ctx))
	}
}

// fetch reads the credentials, and exchanges a password for a ticket.
func (s *session) fetch(ctx context.Context, l *loading) {
	defer close(l.done)
	var given ticket
	var refused error
	credentials, err := s.source()
	if err != nil {
		err = fmt.Errorf("reading the credentials of %s: %w", s.url, err)
	} else if credentials.TokenID == "" {
		given, refused = s.ask(ctx, credentials)
		given.renew = s.clock.Now().Add(ticketRenewal)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loading, s.refused, s.again = nil, refused, s.clock.Now().Add(ticketPause)
	if l.err = errors.Join(err, refused); l.err != nil {
		return
	}
	s.credentials, s.ticket = credentials, given
	s.generation++
}

// ask exchanges a password for a ticket.
func (s *session) ask(ctx context.Context, with Credentials) (ticket, error) {
	const call = "POST /access/ticket"
	form := url.Values{"username": {with.Username}, "password": {with.Password}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/access/ticket", strings.NewReader(form.Encode()))
	if err != nil {
		return ticket{}, fmt.Errorf("%s: %w", call, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", userAgent)
	response, err := s.http.Do(request)
	if err != nil {
		return ticket{}, fmt.Errorf("%s: %w", call, err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	if response.StatusCode != http.StatusOK {
		return ticket{}, wrap(call, &proxmox.APIError{StatusCode: response.StatusCode, Status: response.Status, Message: response.Status})
	}
	var body struct {
		Data ticket `json:"data"`
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return ticket{}, fmt.Errorf("%s: reading the answer: %w", call, err)
	}
	return body.Data, nil
}

// sign adds to a request who calls.
func (s *session) sign(request *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.credentials.TokenID != "" {
		request.Header.Set("Authorization", "PVEAPIToken="+s.credentials.TokenID+"="+s.credentials.TokenSecret)
		return nil
	}
	request.AddCookie(&http.Cookie{Name: "PVEAuthCookie", Value: s.ticket.Ticket})
	request.Header.Set("CSRFPreventionToken", s.ticket.CSRF)
	return nil
}

// Root reports whether the calls are made by root@pam with its password, for whom some
// options are reserved. It asks for the credentials if none were needed yet.
func (c *Client) Root(ctx context.Context) (bool, error) {
	if _, err := c.session.ready(ctx); err != nil {
		return false, err
	}
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	return c.session.credentials.TokenID == "" && c.session.credentials.Username == "root@pam", nil
}
