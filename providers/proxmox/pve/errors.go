// SPDX-License-Identifier: Apache-2.0

package pve

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/luthermonson/go-proxmox"
)

// Error is what the API had against a call.
type Error struct {
	// Call is method and path.
	Call string
	// Status is the HTTP status, 595 and 596 among them: the host cannot be reached.
	Status int
	// Message is the API's text, with what it had against parameters, by name.
	Message string

	cause error
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s: %d %s", e.Call, e.Status, e.Message) }

// Unwrap is the module's error.
func (e *Error) Unwrap() error { return e.cause }

// HTTPStatusCode is the status, as tables of errors read it.
func (e *Error) HTTPStatusCode() int { return e.Status }

// TaskError is a task that failed.
type TaskError struct {
	// Task is its ID, Exit the text that it ended with.
	Task, Exit string
}

// Error implements error.
func (e *TaskError) Error() string { return fmt.Sprintf("task %s failed: %s", e.Task, e.Exit) }

// status is the HTTP status of an error of the module; 0: it has none.
func status(err error) int {
	if e, ok := proxmox.AsAPIError(err); ok {
		return e.StatusCode
	}
	return 0
}

// wrap names the call that failed. Errors of the connection keep their text.
func wrap(call string, err error) error {
	if err == nil {
		return nil
	}
	e, ok := proxmox.AsAPIError(err)
	if !ok {
		return fmt.Errorf("%s: %w", call, err)
	}
	out := &Error{Call: call, Status: e.StatusCode, Message: e.Message, cause: err}
	for _, name := range slices.Sorted(maps.Keys(e.Errors)) {
		out.Message += fmt.Sprintf(" %s: %s", name, e.Errors[name])
	}
	return out
}

// IsStatus reports whether an error is an answer with this status.
func IsStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// message is the text that the API, or a task, ended with; empty: neither spoke.
func message(err error) string {
	var e *Error
	var t *TaskError
	switch {
	case errors.As(err, &t):
		return t.Exit
	case errors.As(err, &e):
		return e.Message
	}
	return ""
}

// IsGone reports whether an error says that a machine is not on the host that was asked.
func IsGone(err error) bool {
	text := message(err)
	return strings.Contains(text, "Configuration file") && strings.Contains(text, "does not exist")
}

// IsNoVolume reports whether an error says that a volume is not there.
func IsNoVolume(err error) bool {
	text := message(err)
	return strings.Contains(text, "volume '") && strings.Contains(text, "does not exist")
}

// IsTaken reports whether an error says that another machine has the ID.
func IsTaken(err error) bool { return strings.Contains(message(err), "already exists") }

// IsBusy reports whether an error says that something else held a lock for too long.
func IsBusy(err error) bool {
	text := message(err)
	return strings.Contains(text, "can't lock file") && strings.Contains(text, "got timeout")
}

// IsModified reports whether an error says that something was not changed, since somebody
// else has changed it after it was read. Versions of the API begin the text differently.
func IsModified(err error) bool { return strings.Contains(message(err), "by other user?") }

// IsUnreachable reports whether an error says that a host, or all of the cluster, could
// not be reached: nothing is known of what is there.
func IsUnreachable(err error) bool {
	if err == nil {
		return false
	}
	var e *Error
	var t *TaskError
	switch {
	case errors.As(err, &t):
		return false
	case !errors.As(err, &e):
		return true
	}
	return e.Status == proxmox.StatusNodeConnectFailed || e.Status == proxmox.StatusNodeRequestFailed ||
		e.Status == http.StatusBadGateway || e.Status == http.StatusServiceUnavailable || e.Status == http.StatusGatewayTimeout
}
