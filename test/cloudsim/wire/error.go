// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"net/http"

	"karpenter.sh/test/cloudsim/model"
)

// Error is what a service answers instead of a result.
type Error struct {
	// Code is the error's code, as clients compare it.
	Code string
	// Message is for people.
	Message string
	// Status is the HTTP status; 0: that of the model, else 400.
	Status int
	// Lost is set if no answer arrives at all: the connection is cut.
	Lost bool
	// Effective is set if what was asked for happened nevertheless.
	Effective bool
	// Fields are further members of the error's shape, as the model names them.
	Fields Tree
}

// Errorf is an error with a message in the manner of fmt.Sprintf.
func Errorf(code, format string, arguments ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, arguments...)}
}

// Internal is a fault of the service itself.
func Internal(message string) *Error {
	return &Error{Code: "InternalError", Message: message, Status: http.StatusInternalServerError}
}

// Error is the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// described completes an error by what the model says of its code: the status, and
// the name of its shape (the code, if the model has no such error).
func described(s *model.Service, op *model.Operation, e *Error) (shape string, status int) {
	shape, status = e.Code, e.Status
	if op != nil {
		for _, ref := range op.Errors {
			known := s.Shapes[ref.Shape]
			named := ref.Shape == e.Code
			if known.Error != nil && known.Error.Code == e.Code {
				named = true
			}
			if !named {
				continue
			}
			shape = ref.Shape
			if status == 0 && known.Error != nil {
				status = known.Error.HTTPStatusCode
			}
		}
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	return shape, status
}

// fault is whose mistake an error with this status is, in the words of the query
// protocol.
func fault(status int) string {
	if status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}
