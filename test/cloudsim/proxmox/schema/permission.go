// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Subject is who makes a call.
type Subject interface {
	// Has reports whether the caller has a privilege on a path, such as
	// "VM.Audit" on "/vms/100".
	Has(path, privilege string) bool
	// Is reports whether the caller is a user, such as "root@pam".
	Is(user string) bool
}

// Allowed reports whether the check of the description lets a caller make the call with
// these parameters; the reason is that of the first check that fails. What the
// description leaves to the code, because it depends on the state, is not checked here.
func (o *Operation) Allowed(in map[string]string, by Subject) (reason string, ok bool) {
	if o.permission == nil {
		return "", true
	}
	return o.permission(in, by)
}

// permission is a check.
type permission func(in map[string]string, by Subject) (reason string, ok bool)

func newPermission(data json.RawMessage) (permission, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil //nolint:nilnil // nil is the check that there is not
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil || len(parts) == 0 {
		return nil, fmt.Errorf("permissions: want a list, not %s", data)
	}
	var kind string
	if err := json.Unmarshal(parts[0], &kind); err != nil {
		return nil, fmt.Errorf("permissions: want the name of a check, not %s", parts[0])
	}
	switch kind {
	case "perm":
		return newPerm(parts[1:])
	case "and", "or":
		return newJunction(kind == "and", parts[1:])
	case "userid-param":
		return func(in map[string]string, by Subject) (string, bool) {
			return "permission check failed (userid)", by.Is(in["userid"])
		}, nil
	case "userid-group":
		var privileges []string
		if err := json.Unmarshal(parts[1], &privileges); err != nil {
			return nil, fmt.Errorf("permissions: %w", err)
		}
		return held("/access/groups", privileges, false), nil
	}
	return nil, fmt.Errorf("permissions: there is no check %q", kind)
}

func newJunction(all bool, parts []json.RawMessage) (permission, error) {
	var checks []permission
	for _, part := range parts {
		check, err := newPermission(part)
		if err != nil {
			return nil, err
		}
		checks = append(checks, check)
	}
	return func(in map[string]string, by Subject) (reason string, ok bool) {
		for _, check := range checks {
			if reason, ok = check(in, by); ok != all {
				return reason, ok
			}
		}
		return reason, ok
	}, nil
}

// newPerm reads a check of privileges: a path, privileges, and pairs of a name and a
// value.
func newPerm(parts []json.RawMessage) (permission, error) {
	if len(parts) < 2 || len(parts)%2 != 0 {
		return nil, errors.New("permissions: perm wants a path, privileges and pairs")
	}
	var path string
	var privileges []string
	if err := errors.Join(json.Unmarshal(parts[0], &path), json.Unmarshal(parts[1], &privileges)); err != nil {
		return nil, fmt.Errorf("permissions: %w", err)
	}
	anyOf, needed := false, ""
	for i := 2; i < len(parts); i += 2 {
		var name string
		if err := json.Unmarshal(parts[i], &name); err != nil {
			return nil, fmt.Errorf("permissions: %w", err)
		}
		switch name {
		case "any":
			anyOf = true
		case "require_param":
			if err := json.Unmarshal(parts[i+1], &needed); err != nil {
				return nil, fmt.Errorf("permissions: %w", err)
			}
		default:
			return nil, fmt.Errorf("permissions: perm has no %q", name)
		}
	}
	check := held(path, privileges, anyOf)
	return func(in map[string]string, by Subject) (string, bool) {
		if _, given := in[needed]; needed != "" && !given {
			return fmt.Sprintf("Permission check failed (%s)", needed), false
		}
		return check(in, by)
	}, nil
}

// held asks for all privileges on a path, or any.
func held(template string, privileges []string, anyOf bool) permission {
	return func(in map[string]string, by Subject) (string, bool) {
		path := template
		for name, value := range in {
			path = strings.ReplaceAll(path, "{"+name+"}", value)
		}
		reason := fmt.Sprintf("Permission check failed (%s, %s)", path, strings.Join(privileges, "|"))
		for _, privilege := range privileges {
			if has := by.Has(path, privilege); has == anyOf {
				return reason, anyOf
			}
		}
		return reason, !anyOf
	}
}
