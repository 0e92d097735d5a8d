// SPDX-License-Identifier: Apache-2.0

package pve

import (
	"context"
	"encoding/json"
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

	mu          sync.Mutex
	credentials Credentials
	ticket      ticket
	generation  int // counts what requests were signed with; 0: nothing yet
}

// ticket is what a password was exchanged for.
type ticket struct {
	Ticket string `json:"ticket"`
	CSRF   string `json:"CSRFPreventionToken"`

	renew time.Time
}

// ticketRenewal is after how long a ticket is replaced; it is good for twice as long.
const ticketRenewal = time.Hour

// ready makes sure that there is something to sign with, and tells its generation.
func (s *session) ready(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation > 0 && (s.ticket.Ticket == "" || s.clock.Now().Before(s.ticket.renew)) {
		return s.generation, nil
	}
	return s.generation, s.load(ctx)
}

// renew replaces what a request was signed with that was refused; false: there is nothing
// else to sign with.
func (s *session) renew(ctx context.Context, used int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if used != s.generation {
		return true // another call has renewed it
	}
	before, ticketed := s.credentials, s.ticket.Ticket != ""
	if err := s.load(ctx); err != nil {
		return false // the refusal says it
	}
	return ticketed || s.credentials != before
}

func (s *session) load(ctx context.Context) error {
	credentials, err := s.source()
	if err != nil {
		return fmt.Errorf("reading the credentials of %s: %w", s.url, err)
	}
	var given ticket
	if credentials.TokenID == "" {
		if given, err = s.ask(ctx, credentials); err != nil {
			return err
		}
		given.renew = s.clock.Now().Add(ticketRenewal)
	}
	s.credentials, s.ticket = credentials, given
	s.generation++
	return nil
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
