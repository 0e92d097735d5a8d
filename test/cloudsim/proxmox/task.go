// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// task is work that takes time.
type task struct {
	upid, host, kind, id, user string
	started, ended             time.Time // ended is zero while it runs
	exit                       string
	undo                       func(now time.Time) // that of its work
}

// lockTimeout is how long a task waits for the lock of a machine's configuration.
const lockTimeout = 10 * time.Second

// work is what a task does.
type work struct {
	// kind is such as qmclone, id what it is about.
	kind, id string
	// locks is the machine whose configuration nobody else may change meanwhile; nil: none.
	locks *machine
	// finish does it at its end. An error fails the task.
	finish func(now time.Time) error
	// undo takes back what was begun, if the task fails; nil: nothing was.
	undo func(now time.Time)
}

// begin starts a task and returns its ID.
func (r *request) begin(w work) string {
	t := &task{
		upid: fmt.Sprintf("UPID:%s:%s:%s:%08X:%s:%s:%s:", r.in["node"], strings.ToUpper(r.cloud.ids.Hex("", 8)),
			strings.ToUpper(r.cloud.ids.Hex("", 8)), r.now.Unix(), w.kind, w.id, r.caller.name),
		host: r.in["node"], kind: w.kind, id: w.id, user: r.caller.name, started: r.now, undo: w.undo,
	}
	r.tasks[t.upid] = t
	injected := r.taskError()
	from := r.now
	if m := w.locks; m != nil {
		if m.busy.After(from) {
			from = m.busy
		}
		if from.Sub(r.now) > lockTimeout {
			injected = fmt.Errorf("can't lock file '/var/lock/qemu-server/lock-%d.conf' - got timeout", m.id)
			r.end(t, w, r.now.Add(lockTimeout), injected)
			return t.upid
		}
		m.busy = from.Add(r.cloud.times[w.kind])
	}
	r.end(t, w, from.Add(r.cloud.times[w.kind]), injected)
	return t.upid
}

// errHostFailed is how a task ends whose host went away.
var errHostFailed = errors.New("unexpected status")

// end ends a task at a time.
func (r *request) end(t *task, w work, at time.Time, failed error) {
	region := r.region
	r.cloud.agenda.Add(at, func(now time.Time) {
		region.cloud.mu.Lock()
		defer region.cloud.mu.Unlock()
		if !t.ended.IsZero() {
			return // somebody stopped it
		}
		err := failed
		lost := region.hosts[t.host] == nil || region.hosts[t.host].offline
		if lost {
			err = errHostFailed
		}
		if err == nil {
			err = w.finish(now)
		}
		if err != nil && !lost && w.undo != nil {
			w.undo(now) // a host that is gone takes nothing back
		}
		t.ended, t.exit = now, "OK"
		if err != nil {
			t.exit = err.Error()
		}
	})
}

// taskFor finds the task of a request. Who did not start it needs a privilege.
func (r *request) taskFor(privilege string) (*task, *failure) {
	t := r.tasks[r.in["upid"]]
	if t == nil || t.host != r.in["node"] {
		return nil, refuse("no such task")
	}
	if t.user != r.caller.name {
		if failed := r.need("/nodes/"+t.host, privilege); failed != nil {
			return nil, failed
		}
	}
	return t, nil
}

// stopTask ends a task before its time. One that has ended stays as it is.
func stopTask(r *request) (any, *failure) {
	t, failed := r.taskFor("Sys.Modify")
	if failed != nil {
		return nil, failed
	}
	if t.ended.IsZero() {
		t.ended, t.exit = r.now, "received interrupt"
		if t.undo != nil {
			t.undo(r.now)
		}
	}
	return nil, nil
}

func taskStatus(r *request) (any, *failure) {
	t, failed := r.taskFor("Sys.Audit")
	if failed != nil {
		return nil, failed
	}
	out := map[string]any{
		"upid": t.upid, "node": t.host, "type": t.kind, "id": t.id, "user": t.user, "starttime": t.started.Unix(), "pid": 1, "status": "running",
	}
	if !t.ended.IsZero() {
		out["status"], out["exitstatus"] = "stopped", t.exit
	}
	return out, nil
}
