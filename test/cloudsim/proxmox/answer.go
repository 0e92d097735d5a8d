// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// failure is an error as the API answers it.
type failure struct {
	status  int
	message string
	// errors are what is wrong with parameters, by name.
	errors map[string]string
	// lost means that the connection is cut instead.
	lost bool
}

// Error implements error.
func (f *failure) Error() string {
	text := f.message
	for _, name := range slices.Sorted(maps.Keys(f.errors)) {
		text += " " + name + ": " + f.errors[name]
	}
	return text
}

// statusNoRoute is the status for hosts that cannot be reached.
const statusNoRoute = 595

// refuse is what the API says of everything that its code dies of.
func refuse(format string, values ...any) *failure {
	return &failure{status: http.StatusInternalServerError, message: fmt.Sprintf(format, values...)}
}

// invalid is a parameter that is wrong for reasons beyond its description.
func invalid(name, format string, values ...any) *failure {
	return &failure{
		status: http.StatusBadRequest, message: "Parameter verification failed.",
		errors: map[string]string{name: fmt.Sprintf(format, values...)},
	}
}

// denied is a check of privileges in the code.
func denied(path, privilege string) *failure {
	return &failure{status: http.StatusForbidden, message: fmt.Sprintf("Permission check failed (%s, %s)", path, privilege)}
}

// answer sends a result, or an error: in the body, and where the protocol has one in the
// reason of the status line, which is where clients of the real API look for it.
func answer(w http.ResponseWriter, data any, failed *failure) {
	body := map[string]any{"data": data}
	status := http.StatusOK
	if failed != nil {
		status = failed.status
		body["data"], body["message"] = nil, failed.message+"\n"
		if len(failed.errors) > 0 {
			body["errors"] = failed.errors
		}
	}
	text, err := json.Marshal(body)
	if err != nil { // a slip of the simulation
		status, text = http.StatusInternalServerError, []byte(`{"data":null}`)
		failed = refuse("the result cannot be written: %v", err)
	}
	if failed != nil && answerWithReason(w, failed, text) {
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client hung up
}

// answerWithReason sends an error with its message as reason; false: the protocol has none.
func answerWithReason(w http.ResponseWriter, failed *failure, body []byte) bool {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return false
	}
	connection, buffer, err := hijacker.Hijack()
	if err != nil {
		return false
	}
	defer func() { _ = connection.Close() }() // the client hung up
	reason, _, _ := strings.Cut(failed.message, "\n")
	_, _ = fmt.Fprintf(buffer, "HTTP/1.1 %d %s\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		failed.status, reason, len(body), body)
	_ = buffer.Flush() // the client hung up
	return true
}
