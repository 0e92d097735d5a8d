// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxMessageLength is the greatest length of a condition's message.
const maxMessageLength = 32768

// Findings are what validation has to say about one object.
type Findings struct {
	// Errors make the object unusable.
	Errors field.ErrorList
	// Budgets are mistakes in the disruption budgets of a pool. They stop voluntary
	// disruption and leave the rest of the pool usable (API-048).
	Budgets field.ErrorList
	// Warnings are mistakes that leave the object usable.
	Warnings field.ErrorList
}

// Message joins the errors, those of budgets last, into one text that fits a
// condition's message, or "" if there are none.
func (f Findings) Message() string {
	texts := make([]string, 0, len(f.Errors)+len(f.Budgets))
	for _, err := range slices.Concat(f.Errors, f.Budgets) {
		texts = append(texts, err.Error())
	}
	return truncate(strings.Join(texts, "; "))
}

func (f *Findings) fail(errs ...*field.Error) { f.Errors = append(f.Errors, errs...) }

func (f *Findings) warn(errs ...*field.Error) { f.Warnings = append(f.Warnings, errs...) }

// truncate cuts a text at the greatest length, between characters.
func truncate(text string) string {
	const mark = "..."
	if len(text) <= maxMessageLength {
		return text
	}
	end := maxMessageLength - len(mark)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}
