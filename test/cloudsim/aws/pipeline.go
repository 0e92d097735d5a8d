// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/journal"
	"karpenter.sh/test/cloudsim/wire"
)

// request is one call on its way through the cloud.
type request struct {
	*Cloud
	call     string // "ec2:CreateFleet"
	in       wire.Tree
	now      time.Time
	identity *Identity // nil: everybody may do everything
	host     string
	digest   [sha256.Size]byte // of the body
	rule     *fault.Rule       // what goes wrong with it; nil: nothing
	began    time.Time         // now, when it came
	gone     <-chan struct{}   // closed when the client is gone; nil: nobody waits
	waits    *waits            // what a long poll that found nothing waits for
	grants   []string          // what of the caller's policies allowed it
}

// handler answers one call. It runs with the state locked.
type handler func(*request) (wire.Tree, error)

// serve answers one HTTP request: find the call, read it, judge it, carry it out.
func (c *Cloud) serve(w http.ResponseWriter, hr *http.Request) {
	now := c.clock.Now()
	c.agenda.Run(now)
	wr, codec, werr := c.router.Route(hr)
	if wr == nil {
		http.Error(w, werr.Error(), http.StatusNotFound)
		return
	}
	id := c.ids.UUID()
	entry := journal.Entry{Time: now, Call: wr.Service.Name + ":?"}
	var out wire.Tree
	if werr == nil {
		r := &request{Cloud: c, call: wr.Service.Name + ":" + wr.Operation.Name, now: now, host: "https://" + hr.Host, began: now, gone: hr.Context().Done()}
		entry.Call = r.call
		r.digest = sha256.Sum256(wr.Body)
		out, werr = r.judge(wr, codec)
		entry.Identity, entry.Grants = r.role(), r.grants
		entry.Input, entry.Read = remember(wr, codec, r.in)
		if r.rule != nil {
			entry.Fault = r.rule.Name
			c.pause(hr, r.rule.Delay.Duration)
		}
	}
	response := c.respond(wr, codec, answer{out, werr, id})
	if werr != nil {
		entry.Code, entry.Message = werr.Code, werr.Message
	}
	if werr == nil || !werr.Lost {
		entry.Status = response.Status
	}
	c.journal.Add(entry)
	if werr != nil && werr.Lost {
		panic(http.ErrAbortHandler) // the way to cut a connection
	}
	send(w, response)
}

// largeBody is from which size on, in bytes, requests are remembered as they were sent.
const largeBody = 1024

// remember is what the journal keeps of an input.
func remember(wr *wire.Request, codec wire.Codec, in wire.Tree) (wire.Tree, func() map[string]any) {
	if len(wr.Body) < largeBody {
		return in, nil
	}
	sent := &wire.Request{
		Service: wr.Service, Operation: wr.Operation, Path: wr.Path, Body: wr.Body,
		HTTP: &http.Request{Method: wr.HTTP.Method, URL: wr.HTTP.URL, Header: http.Header{}},
	}
	return nil, func() map[string]any {
		in, _ := codec.Decode(sent) // what was wrong with it is the entry's message
		return in
	}
}

// answer is how a call ended.
type answer struct {
	out wire.Tree
	err *wire.Error
	id  string
}

func (c *Cloud) respond(wr *wire.Request, codec wire.Codec, a answer) *wire.Response {
	if a.err == nil {
		response, err := codec.Encode(wr, a.out, a.id)
		if err == nil {
			return response
		}
		a.err = wire.Internal(err.Error())
	}
	return codec.Fail(wr, a.err, a.id)
}

func send(w http.ResponseWriter, response *wire.Response) {
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(response.Body)))
	w.WriteHeader(response.Status)
	_, _ = w.Write(response.Body) // the client hung up
}

func (c *Cloud) pause(hr *http.Request, d time.Duration) {
	if d == 0 {
		return
	}
	select {
	case <-c.clock.After(d):
	case <-hr.Context().Done():
	}
}

// judge reads a call and decides, in the order of the real services, whether it is
// carried out: credentials, throttling, model, faults; permissions come with the
// handling, because they depend on the state.
func (r *request) judge(wr *wire.Request, codec wire.Codec) (wire.Tree, *wire.Error) {
	in, violations := codec.Decode(wr)
	r.in = in
	if err := r.identify(wire.SignatureOf(wr.HTTP)); err != nil {
		return nil, err
	}
	if err := r.throttle(); err != nil {
		return nil, err
	}
	if in != nil {
		violations = append(violations, wire.Validate(wr.Service, wr.Operation, in)...)
	}
	if len(violations) > 0 {
		return nil, codec.Refuse(violations)
	}
	r.rule = r.faults.Next(fault.Call{Name: r.call, Page: r.page(), Input: in})
	if r.rule == nil {
		return r.perform()
	}
	return r.misbehave()
}

// misbehave carries a call out as its fault says.
func (r *request) misbehave() (wire.Tree, *wire.Error) {
	failure := r.rule.Error
	switch {
	case r.rule.Late.Duration > 0:
		late := *r
		late.gone = nil
		r.agenda.Add(r.now.Add(r.rule.Late.Duration), func(now time.Time) {
			late.now = now
			_, _ = late.perform() // nobody waits for the answer any more
		})
	case failure == nil || r.rule.Effective:
		out, err := r.perform()
		if err != nil || failure == nil && !r.rule.Lost {
			return out, err
		}
		if r.rule.Lost {
			return nil, &wire.Error{Code: "ConnectionLost", Message: "the answer was lost on purpose", Lost: true}
		}
	}
	message := failure.Message
	if message == "" {
		message = "injected by a fault rule"
	}
	return nil, &wire.Error{Code: failure.Code, Message: message, Status: statusOf(*failure)}
}

func statusOf(f fault.Failure) int {
	switch {
	case f.Status != 0:
		return f.Status
	case f.Code == "RequestLimitExceeded" || f.Code == "Unavailable" || f.Code == "ServiceUnavailable":
		return http.StatusServiceUnavailable
	case f.Code == "InternalError" || f.Code == "InternalFailure":
		return http.StatusInternalServerError
	}
	return 0
}

// perform carries a call out; a long poll as often as there may be something new.
func (r *request) perform() (wire.Tree, *wire.Error) {
	out, err := r.attempt()
	for r.waits != nil && r.await() {
		out, err = r.attempt()
	}
	return out, err
}

// attempt carries a call out once, alone.
func (r *request) attempt() (wire.Tree, *wire.Error) {
	r.waits = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.handlers[r.call]
	if h == nil {
		return nil, wire.Internal("the simulation has no handler of " + r.call)
	}
	if err := r.authorize(); err != nil {
		return nil, err
	}
	if strings.HasPrefix(r.call, "ec2:Describe") {
		if err := r.dry(); err != nil {
			return nil, err
		}
	}
	out, err := r.once(h)
	var werr *wire.Error
	switch {
	case errors.As(err, &werr):
		return nil, werr
	case err != nil:
		return nil, wire.Internal(err.Error())
	}
	return out, nil
}

// dry ends a call that was only to be checked, with the error that says so.
func (r *request) dry() *wire.Error {
	if !r.in.Bool("DryRun") {
		return nil
	}
	return &wire.Error{
		Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set.",
		Status: http.StatusPreconditionFailed,
	}
}

// page is the page of a list that is asked for, as far as it can be told: 1 without a
// token, else one more than the pages between.
func (r *request) page() int {
	token := r.in.Str("NextToken")
	if token == "" {
		token = r.in.Str("Marker")
	}
	if token == "" {
		return 1
	}
	return r.pageOf(token)
}

func (r *request) role() string {
	if r.identity == nil {
		return ""
	}
	return r.identity.Role
}
