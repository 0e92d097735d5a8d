// SPDX-License-Identifier: Apache-2.0

package permissions

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// Request is what was asked of the API server, once or many times.
type Request struct {
	// Group, Resource and Verb, as in a rule: the resource with its subresource, and
	// read for get, list and watch.
	Group, Resource, Verb string
	// Namespace and Name of the object; empty if the request is about no single one.
	Namespace, Name string
}

// Requests are all of one user.
type Requests struct {
	Made map[Request]bool
	// Refusals tell of requests that the user was not allowed to make, each once.
	Refusals []string
}

// read stands for the verbs that show objects.
const read = "read"

func verbClass(verb string) string {
	switch verb {
	case "get", "list", "watch":
		return read
	}
	return verb
}

// ReadAudit returns what the audit log at path, and those that were rotated away beside
// it, tell of a user.
func ReadAudit(path, user string) (Requests, error) {
	rotated, err := filepath.Glob(strings.TrimSuffix(path, ".log") + "-*.log")
	if err != nil {
		return Requests{}, fmt.Errorf("find the audit logs beside %s: %w", path, err)
	}
	found, told := Requests{Made: map[Request]bool{}}, map[string]bool{}
	for _, file := range append(rotated, path) {
		if err := readFile(file, func(e event) {
			if e.User.Username == user {
				found.add(e, told)
			}
		}); err != nil {
			return Requests{}, err
		}
	}
	return found, nil
}

func readFile(path string, each func(event)) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	decoder := json.NewDecoder(bufio.NewReader(file))
	for {
		var e event
		switch err := decoder.Decode(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF): // a line that is being written
			return nil
		case err != nil:
			return fmt.Errorf("parse %s: %w", path, err)
		}
		each(e)
	}
}

// event is what an audit event says that matters here.
type event struct {
	Verb       string `json:"verb"`
	RequestURI string `json:"requestURI"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		APIGroup    string `json:"apiGroup"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"responseStatus"`
	Annotations map[string]string `json:"annotations"`
}

func (r *Requests) add(e event, told map[string]bool) {
	resource := e.ObjectRef.Resource
	if e.ObjectRef.Subresource != "" {
		resource += "/" + e.ObjectRef.Subresource
	}
	if e.refused() {
		// Of many objects one is enough.
		what := strings.Join([]string{e.Verb, resource, e.ObjectRef.APIGroup, e.ObjectRef.Namespace}, " ")
		if !told[what] {
			told[what] = true
			r.Refusals = append(r.Refusals, fmt.Sprintf("%s %s: %s", e.Verb, e.RequestURI, e.ResponseStatus.Message))
		}
		return
	}
	if resource == "" { // discovery, which everybody may do
		return
	}
	r.Made[Request{
		Group: e.ObjectRef.APIGroup, Resource: resource, Verb: verbClass(e.Verb),
		Namespace: e.ObjectRef.Namespace, Name: e.ObjectRef.Name,
	}] = true
}

// refused tells a request that needed a grant which the user does not have. Admission
// answers with the same code, also for other reasons: an object whose namespace is
// going, a policy of the user's.
func (e event) refused() bool {
	if e.ResponseStatus.Code != http.StatusForbidden {
		return false
	}
	return e.Annotations["authorization.k8s.io/decision"] == "forbid" || strings.Contains(e.ResponseStatus.Message, "blockOwnerDeletion")
}
