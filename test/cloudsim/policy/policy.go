// SPDX-License-Identifier: Apache-2.0

// Package policy judges calls by identity policies in the form of AWS IAM: the part
// of the language that the documented policies of providers use.
//
// # What it holds
//
// [Parse] reads a document; [Decide] judges one action on one resource. [Granted] and
// [Unused] tell what of the policies was needed.
//
// # What it never does
//
// It has no resource policies, boundaries, principals, NotAction or NotResource:
// a document that uses them is refused.
//
// # Invariants
//
// What no statement allows is denied; a statement that denies wins over all.
//
// # Start reading at
//
// Decide, then condition.go.
package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

// Document is one policy.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement allows or denies actions on resources under conditions.
type Statement struct {
	Sid       string
	Effect    string
	Action    Strings
	Resource  Strings
	Condition map[string]map[string]Strings
}

// Strings is a text or a list of texts.
type Strings []string

// UnmarshalJSON implements json.Unmarshaler.
func (s *Strings) UnmarshalJSON(data []byte) error {
	var one string
	if err := json.Unmarshal(data, &one); err == nil {
		*s = Strings{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return fmt.Errorf("want a text or a list of texts: %w", err)
	}
	*s = many
	return nil
}

// Parse reads a document and checks that everything in it is understood.
func Parse(data []byte) (*Document, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var d Document
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	for i, s := range d.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" {
			return nil, fmt.Errorf("policy statement %d (%s): effect %q is neither Allow nor Deny", i+1, s.Sid, s.Effect)
		}
		if len(s.Action) == 0 || len(s.Resource) == 0 {
			return nil, fmt.Errorf("policy statement %d (%s): Action and Resource are needed", i+1, s.Sid)
		}
		for operator := range s.Condition {
			if _, ok := comparison(operator); !ok {
				return nil, fmt.Errorf("policy statement %d (%s): there is no operator %q", i+1, s.Sid, operator)
			}
		}
	}
	return &d, nil
}

// Question is one action on one resource.
type Question struct {
	// Action is such as "ec2:RunInstances".
	Action string
	// Resource is the resource's ARN; "*" for actions that have none.
	Resource string
	// Context are the condition keys that the request has, in lower case up to a
	// slash, such as "aws:requesttag/Name".
	Context map[string][]string
}

// Verdict is what policies say of a question.
type Verdict int

// The verdicts.
const (
	// ImplicitDeny means that no statement allows it.
	ImplicitDeny Verdict = iota
	// Allowed means that a statement allows it and none denies it.
	Allowed
	// ExplicitDeny means that a statement denies it.
	ExplicitDeny
)

// Decide judges one question by all policies of an identity.
func Decide(documents []*Document, q Question) Verdict {
	verdict := ImplicitDeny
	for _, d := range documents {
		for _, s := range d.Statement {
			if !s.covers(q) {
				continue
			}
			if s.Effect == "Deny" {
				return ExplicitDeny
			}
			verdict = Allowed
		}
	}
	return verdict
}

func (s Statement) covers(q Question) bool {
	if !anyLike(s.Action, q.Action, true) || !anyLike(s.Resource, q.Resource, false) {
		return false
	}
	for operator, keys := range s.Condition {
		for key, wanted := range keys {
			if !holds(operator, wanted, q.Context, canonical(key)) {
				return false
			}
		}
	}
	return true
}

func anyLike(patterns []string, text string, fold bool) bool {
	for _, p := range patterns {
		if fold {
			p, text = strings.ToLower(p), strings.ToLower(text)
		}
		if like(p, text) {
			return true
		}
	}
	return false
}

// like compares with a pattern in which * and ? are the only wildcards.
func like(pattern, text string) bool {
	clean := strings.NewReplacer("/", "\x00", "[", `\[`, `\`, `\\`)
	ok, err := path.Match(clean.Replace(pattern), strings.ReplaceAll(text, "/", "\x00"))
	return err == nil && ok
}

// canonical is a condition key as contexts have it.
func canonical(key string) string {
	name, rest, found := strings.Cut(key, "/")
	if !found {
		return strings.ToLower(name)
	}
	return strings.ToLower(name) + "/" + rest
}
