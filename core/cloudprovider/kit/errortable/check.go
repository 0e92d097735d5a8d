// SPDX-License-Identifier: Apache-2.0

package errortable

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"karpenter.sh/core/cloudprovider"
)

// RowError says what is wrong with a row.
type RowError struct {
	// Index is the row's place, from 0; Name its name.
	Index int
	Name  string
	// Problem is one of the errors of this package.
	Problem error
	// Other is the name of the row that it collides with; mostly empty.
	Other string
}

// Error names the row, and the one that it collides with.
func (e *RowError) Error() string {
	text := fmt.Sprintf("error table, row %d %q: %v", e.Index, e.Name, e.Problem)
	if e.Other != "" {
		text += fmt.Sprintf(" (row %q)", e.Other)
	}
	return text
}

// Unwrap returns the problem.
func (e *RowError) Unwrap() error { return e.Problem }

// What can be wrong with a row (KIT-064).
var (
	ErrName        = errors.New("the name is empty or that of another row")
	ErrDuplicate   = errors.New("it matches the same as another row")
	ErrUnreachable = errors.New("whatever it matches, an earlier row matches")
	ErrTTL         = errors.New("it marks without a time to live, or has one without a mark")
	ErrReason      = errors.New("it needs a reason that a condition could have")
	ErrThrottled   = errors.New("throttling is a plain error that marks nothing")
	ErrClass       = errors.New("the class is not one of a cloud's error")
	ErrParts       = errors.New("a mark has no part, or one that there is not")
	ErrStatus      = errors.New("the range of statuses is empty or negative")
)

var conditionReason = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`)

func check(rows []Row) error {
	var errs []error
	names := map[string]bool{}
	for i := range rows {
		row := &rows[i]
		report := func(problem error, other string) {
			errs = append(errs, &RowError{Index: i, Name: row.Name, Problem: problem, Other: other})
		}
		for _, problem := range row.problems() {
			report(problem, "")
		}
		if row.Name == "" || names[row.Name] {
			report(ErrName, "")
		}
		names[row.Name] = true
		for j := range rows[:i] {
			if problem := row.When.hiddenBy(rows[j].When); problem != nil {
				report(problem, rows[j].Name)
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (r *Row) problems() []error {
	var out []error
	for _, rule := range []struct {
		broken  bool
		problem error
	}{
		{(len(r.Marks) > 0) != (r.TTL > 0) || r.TTL < 0, ErrTTL},
		{r.needsReason() && !conditionReason.MatchString(r.Reason), ErrReason},
		{r.Throttled && (len(r.Marks) > 0 || r.Class != cloudprovider.ClassOther), ErrThrottled},
		{r.Class < cloudprovider.ClassOther || r.Class > cloudprovider.ClassNodeClaimNotFound, ErrClass},
		{r.When.Status < 0 || r.When.StatusTo != 0 && r.When.StatusTo < r.When.Status, ErrStatus},
	} {
		if rule.broken {
			out = append(out, rule.problem)
		}
	}
	for _, parts := range r.Marks {
		if parts&^Place == 0 || parts >= FamilyFrom<<1 {
			out = append(out, ErrParts)
		}
	}
	return out
}

func (r *Row) needsReason() bool {
	return len(r.Marks) > 0 || r.Class == cloudprovider.ClassCreateError || r.Reason != ""
}

// hiddenBy reports how an earlier row keeps this one from ever deciding.
func (m Match) hiddenBy(earlier Match) error {
	if !earlier.contains(m) {
		return nil
	}
	if m.contains(earlier) {
		return ErrDuplicate
	}
	return ErrUnreachable
}

// contains reports whether each failure that the other matches is one that m
// matches. It may miss some such pairs and never claims one wrongly.
func (m Match) contains(other Match) bool {
	for _, text := range m.Texts {
		if !other.implies(text) {
			return false
		}
	}
	codes := m.Code == "" || other.Code != "" && matchesCode(m.Code, strings.ReplaceAll(other.Code, "*", "\x04"))
	codes = codes || strings.EqualFold(m.Code, other.Code)
	statuses := m.Status == 0 || other.Status != 0 && m.Status <= other.Status && other.lastStatus() <= m.lastStatus()
	return codes && statuses && (m.CapacityType == "" || m.CapacityType == other.CapacityType)
}

// implies reports whether whatever m matches contains a text.
func (m Match) implies(text string) bool {
	text = strings.ToLower(text)
	for part := range strings.SplitSeq(m.Code, "*") {
		if strings.Contains(strings.ToLower(part), text) {
			return true
		}
	}
	for _, t := range m.Texts {
		if strings.Contains(strings.ToLower(t), text) {
			return true
		}
	}
	return false
}
