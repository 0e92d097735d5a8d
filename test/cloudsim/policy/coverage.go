// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"
)

// Granted are the grants that allow a question, as "Sid action" with the action as it
// is written: one for each action of a statement that allows and covers it. Whether
// another statement denies it is Decide's to say.
func Granted(documents []*Document, q Question) []string {
	var out []string
	for _, d := range documents {
		for i, s := range d.Statement {
			if s.Effect != "Allow" || !s.covers(q) {
				continue
			}
			for _, action := range s.Action {
				if anyLike([]string{action}, q.Action, true) {
					out = append(out, s.grant(i, action))
				}
			}
		}
	}
	return out
}

// Unused are the grants of policies that nothing used, in their order: what the
// policies allow too much, given the grants that all calls needed.
func Unused(documents []*Document, used []string) []string {
	var out []string
	for _, d := range documents {
		for i, s := range d.Statement {
			for _, action := range s.Action {
				if g := s.grant(i, action); s.Effect == "Allow" && !slices.Contains(used, g) {
					out = append(out, g)
				}
			}
		}
	}
	return out
}

// grant names an action of the i-th statement; a statement without Sid by its place.
func (s Statement) grant(i int, action string) string {
	if s.Sid == "" {
		return fmt.Sprintf("statement-%d %s", i+1, action)
	}
	return s.Sid + " " + action
}
