// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/journal"
	"karpenter.sh/test/cloudsim/proxmox/schema"
)

// request is one call on its way through a cluster.
type request struct {
	*region
	operation *schema.Operation
	in        map[string]string // the parameters, those of the path included
	file      *file             // what was uploaded; nil: nothing
	now       time.Time
	caller    *caller
	rule      *fault.Rule // what goes wrong with it; nil: nothing
}

// handler carries out one call. It runs with the state locked.
type handler func(*request) (any, *failure)

// ServeHTTP implements http.Handler: the APIs of all clusters.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	now := c.clock.Now()
	c.agenda.Run(now)
	name, path, ok := strings.Cut(strings.TrimPrefix(hr.URL.EscapedPath(), "/"), "/api2/json")
	c.mu.Lock()
	in := c.regions[name]
	down := in != nil && in.down
	c.mu.Unlock()
	switch {
	case !ok || in == nil:
		http.NotFound(w, hr)
		return
	case down:
		panic(http.ErrAbortHandler) // the way to cut a connection
	}
	r := &request{region: in, now: now, in: map[string]string{}}
	data, failed := r.handle(hr, path)
	c.remember(r, path, failed)
	if r.rule != nil && r.rule.Delay.Duration > 0 {
		select {
		case <-c.clock.After(r.rule.Delay.Duration):
		case <-hr.Context().Done():
		}
	}
	if failed != nil && failed.lost {
		panic(http.ErrAbortHandler)
	}
	answer(w, data, failed)
}

func (c *Cloud) remember(r *request, path string, failed *failure) {
	entry := journal.Entry{Time: r.now, Call: path, Status: http.StatusOK, Input: map[string]any{}}
	if r.operation != nil {
		entry.Call = r.operation.Name()
	}
	if r.caller != nil {
		entry.Identity = r.caller.name
	}
	for name, value := range r.in {
		if name != "password" {
			entry.Input[name] = value
		}
	}
	if r.rule != nil {
		entry.Fault = r.rule.Name
	}
	if failed != nil {
		entry.Status, entry.Code, entry.Message = failed.status, http.StatusText(failed.status), failed.Error()
		if failed.lost {
			entry.Status = 0
		}
	}
	c.journal.Add(entry)
}

// handle decides in the order of the real API: the call, who calls, what they may, whether
// the host answers, what is asked for.
func (r *request) handle(hr *http.Request, path string) (any, *failure) {
	operation, inPath, err := r.cloud.api.Route(hr.Method, path)
	if err != nil {
		return nil, &failure{status: http.StatusNotImplemented, message: "Method '" + hr.Method + " " + path + "' not implemented"}
	}
	r.operation = operation
	in, uploaded, err := readParameters(hr)
	if err != nil {
		return nil, &failure{status: http.StatusBadRequest, message: err.Error()}
	}
	maps.Copy(in, inPath)
	r.in, r.file = in, uploaded

	r.cloud.mu.Lock()
	defer r.cloud.mu.Unlock()
	if failed := r.authenticate(hr); failed != nil {
		return nil, failed
	}
	if failed := r.admitted(); failed != nil {
		r.noteRefusal(failed)
		return nil, failed
	}
	r.rule = r.cloud.faults.Next(fault.Call{Name: operation.Name(), Input: r.tree()})
	data, failed := r.perform()
	r.noteRefusal(failed)
	return data, failed
}

func (r *request) tree() map[string]any {
	out := map[string]any{"region": r.name}
	for name, value := range r.in {
		out[name] = value
	}
	return out
}

// admitted checks privileges, the host and the parameters.
func (r *request) admitted() *failure {
	if r.caller != nil {
		if reason, ok := r.operation.Allowed(r.in, r.caller); !ok {
			return &failure{status: http.StatusForbidden, message: reason}
		}
	}
	if node, ok := r.in["node"]; ok {
		h := r.hosts[node]
		if h == nil {
			return refuse("hostname lookup '%s' failed - failed to get address info for: %s: Name or service not known", node, node)
		}
		if h.offline {
			return &failure{status: statusNoRoute, message: "No route to host"}
		}
	}
	if problems := r.operation.Check(r.in); len(problems) > 0 {
		return &failure{status: http.StatusBadRequest, message: "Parameter verification failed.", errors: problems}
	}
	return nil
}

// perform carries a call out, as its fault says.
func (r *request) perform() (any, *failure) {
	do := r.cloud.handlers[r.operation.Name()]
	if do == nil {
		return nil, &failure{status: http.StatusNotImplemented, message: "Method '" + r.operation.Name() + "' is not simulated"}
	}
	if r.rule == nil {
		return do(r)
	}
	injected := r.rule.Error
	if injected != nil && !r.rule.Effective {
		if r.rule.Late.Duration > 0 {
			r.later(do)
		}
		return nil, injectedFailure(injected)
	}
	data, failed := do(r)
	switch {
	case r.rule.Lost:
		return nil, &failure{message: "the answer is lost", lost: true}
	case injected != nil:
		return nil, injectedFailure(injected)
	}
	return data, failed
}

// later carries a call out after its error was answered.
func (r *request) later(do handler) {
	r.cloud.agenda.Add(r.now.Add(r.rule.Late.Duration), func(now time.Time) {
		r.cloud.mu.Lock()
		defer r.cloud.mu.Unlock()
		late := *r
		late.now, late.rule = now, nil
		_, _ = do(&late) // nobody waits for the answer
	})
}

// injectedFailure is the error of a fault rule. The code is only its name: errors of this
// API are a status and a text.
func injectedFailure(f *fault.Failure) *failure {
	out := &failure{status: f.Status, message: f.Message}
	if out.status == 0 {
		out.status = http.StatusInternalServerError
	}
	if out.message == "" {
		out.message = f.Code
	}
	return out
}

// taskError is the error with which the task of a call ends by a fault rule; nil: none.
func (r *request) taskError() error {
	if r.rule == nil || r.rule.Within == nil {
		return nil
	}
	if r.rule.Within.Message != "" {
		return errors.New(r.rule.Within.Message)
	}
	return errors.New(r.rule.Within.Code)
}
