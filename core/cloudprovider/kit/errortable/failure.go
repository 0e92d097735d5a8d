// SPDX-License-Identifier: Apache-2.0

package errortable

import "errors"

// Failure is what a cloud says about a call that failed, or about a part of one
// that did not.
type Failure struct {
	// Code is the cloud's own, for machines.
	Code string
	// Message is for people. It must not hold secrets.
	Message string
	// HTTPStatus of the answer; 0 if there is none.
	HTTPStatus int
	// Cause is the error behind it; nil if the cloud answered with data.
	Cause error
}

// coded is an error with the cloud's code, as SDKs have it.
type coded interface {
	ErrorCode() string
	ErrorMessage() string
}

// answered is an error with the status of an HTTP answer.
type answered interface{ HTTPStatusCode() int }

// FailureOf reads what an error says: code and message of the first in its chain
// that has them, and the status likewise (KIT-066). An error without any is a
// failure with nothing but its text.
func FailureOf(err error) Failure {
	f := Failure{Message: err.Error(), Cause: err}
	var c coded
	if errors.As(err, &c) {
		f.Code, f.Message = c.ErrorCode(), c.ErrorMessage()
	}
	var a answered
	if errors.As(err, &a) {
		f.HTTPStatus = a.HTTPStatusCode()
	}
	return f
}

// text is what texts of rows are looked for in.
func (f Failure) text() string {
	if f.Code == "" {
		return f.Message
	}
	return f.Code + ": " + f.Message
}

func (f Failure) cause() error {
	if f.Cause != nil {
		return f.Cause
	}
	return errors.New(f.text())
}
