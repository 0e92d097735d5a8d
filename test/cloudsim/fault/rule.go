// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"
	"time"
)

// Rule is one way in which calls go wrong.
type Rule struct {
	// Name is how the journal calls it; default: the call.
	Name string `json:"name,omitempty"`
	// Call is the call, such as "ec2:CreateFleet"; * and ? are wildcards.
	Call string `json:"call"`
	// Match holds texts that must occur in the request, by the name of a member at any
	// depth; * and ? are wildcards.
	Match map[string]string `json:"match,omitempty"`
	// Nth is the first matching call that goes wrong; 0 is 1.
	Nth int `json:"nth,omitempty"`
	// Times is how many calls go wrong; 0: all from then on.
	Times int `json:"times,omitempty"`
	// Page restricts the rule to the nth page of a list; 0: any.
	Page int `json:"page,omitempty"`

	// Error is answered. Without Effective, nothing else happens.
	Error *Failure `json:"error,omitempty"`
	// Effective carries the call out nevertheless.
	Effective bool `json:"effective,omitempty"`
	// Lost cuts the connection instead of answering; the call is carried out.
	Lost bool `json:"lost,omitempty"`
	// Delay is how long the answer takes.
	Delay Duration `json:"delay,omitzero"`
	// Late carries the call out so much later, although Error is answered now.
	Late Duration `json:"late,omitzero"`
	// AtMost bounds how much of what is asked for is fulfilled, such as machines of a
	// fleet; nil: no bound.
	AtMost *int `json:"atMost,omitempty"`
	// Within is the error of single things in an answer, such as the overrides of a
	// fleet, of those that Match is about; the call itself succeeds.
	Within *Failure `json:"within,omitempty"`
	// Dies ends machines that the call launches before they register, so long after
	// the launch.
	Dies Duration `json:"dies,omitzero"`
}

// Failure is an error as the cloud answers it.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
	// Status is the HTTP status; 0: the usual one of the code.
	Status int `json:"status,omitempty"`
}

// Duration is a time.Duration that JSON writes as "1m30s".
type Duration struct{ time.Duration }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return err
	}
	if parsed < 0 {
		return fmt.Errorf("duration %q is negative", text)
	}
	d.Duration = parsed
	return nil
}

// Parse reads a list of rules. calls are the calls that there are: a rule for none of
// them is an error. An error is one line that names the rule and what is wrong.
func Parse(data []byte, calls []string) ([]Rule, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var rules []Rule
	if err := decoder.Decode(&rules); err != nil {
		return nil, fmt.Errorf("fault rules: %w", err)
	}
	if decoder.More() {
		return nil, errors.New("fault rules: something follows the list")
	}
	for i, rule := range rules {
		if err := rule.check(calls); err != nil {
			return nil, fmt.Errorf("fault rule %d (%s): %w", i+1, rule.title(), err)
		}
	}
	return rules, nil
}

func (r Rule) title() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Call
}

func (r Rule) check(calls []string) error {
	if r.Call == "" {
		return errors.New(`"call" is missing`)
	}
	if !slices.ContainsFunc(calls, func(call string) bool { return matches(r.Call, call) }) {
		return fmt.Errorf("there is no call %q", r.Call)
	}
	for name, pattern := range r.Match {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("match of %s: %q is no pattern", name, pattern)
		}
	}
	switch {
	case r.Nth < 0 || r.Times < 0 || r.Page < 0 || r.AtMost != nil && *r.AtMost < 0:
		return errors.New("nth, times, page and atMost are not negative")
	case r.Error != nil && r.Error.Code == "" || r.Within != nil && r.Within.Code == "":
		return errors.New(`the error has no "code"`)
	case r.Late.Duration > 0 && r.Error == nil:
		return errors.New(`"late" needs an "error" that is answered now`)
	case r.Late.Duration > 0 && r.Effective:
		return errors.New(`"late" and "effective" exclude each other`)
	case r.Error != nil && r.Lost:
		return errors.New(`"error" and "lost" exclude each other`)
	case r.Error == nil && !r.Lost && r.Delay.Duration == 0 && r.AtMost == nil && r.Within == nil && r.Dies.Duration == 0:
		return errors.New("nothing happens: one of error, lost, delay, atMost, within, dies is needed")
	}
	return nil
}

// Rules are the rules in force. They are safe for concurrent use.
type Rules struct {
	mu     sync.Mutex
	active []*active
}

type active struct {
	Rule
	seen int
}

// NewRules returns no rules.
func NewRules() *Rules { return &Rules{} }

// Add appends rules.
func (r *Rules) Add(rules ...Rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rule := range rules {
		r.active = append(r.active, &active{Rule: rule})
	}
}

// Clear removes all rules.
func (r *Rules) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active = nil
}

// List are the rules in force, in order. Those that have done their work are gone.
func (r *Rules) List() []Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []Rule{}
	for _, a := range r.active {
		out = append(out, a.Rule)
	}
	return out
}

// Call is a call that may go wrong.
type Call struct {
	// Name is such as "ec2:CreateFleet".
	Name string
	// Page is the page that is asked for, from 1; 0: it has none.
	Page int
	// Input is what is asked.
	Input map[string]any
}

// Next returns the first rule that lets this call go wrong; nil: none does. Every
// rule before it, and itself, counts the call if it matches.
func (r *Rules) Next(call Call) *Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, a := range r.active {
		if !a.covers(call) {
			continue
		}
		a.seen++
		first := max(1, a.Nth)
		if a.seen < first {
			continue
		}
		if a.Times > 0 && a.seen >= first+a.Times-1 {
			r.active = slices.Delete(r.active, i, i+1) // its work is done
		}
		rule := a.Rule
		if rule.Name == "" {
			rule.Name = rule.Call
		}
		return &rule
	}
	return nil
}

func (r Rule) covers(call Call) bool {
	if !matches(r.Call, call.Name) || r.Page > 0 && r.Page != call.Page {
		return false
	}
	return r.About(call.Input)
}

// About reports whether all texts of Match occur in a request, or in one thing within
// it.
func (r Rule) About(thing map[string]any) bool {
	for name, pattern := range r.Match {
		if !within(thing, name, pattern) {
			return false
		}
	}
	return true
}
