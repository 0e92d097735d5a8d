// SPDX-License-Identifier: Apache-2.0

package kubeletconfig

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Reasons of the condition ValidationSucceeded, in the order in which they are looked
// for (AWS-085).
const (
	ReasonInvalid          = "InvalidKubeletConfiguration"
	ReasonDisabled         = "KubeletExpressionsDisabled"
	ReasonExpression       = "KubeletExpressionInvalid"
	ReasonUnsupported      = "UnsupportedKubeletConfiguration"
	ReasonEvaluationFailed = "KubeletExpressionEvaluationFailed"
)

// Violation says why a NodeClass cannot be used, for one reason.
type Violation struct {
	// Reason is one of the constants above.
	Reason string
	// Errors are all that there are for this reason; each names its field.
	Errors field.ErrorList
}

// Error is the message of the condition: all errors, joined (AWS-020).
func (v *Violation) Error() string {
	messages := make([]string, len(v.Errors))
	for i, err := range v.Errors {
		messages[i] = err.Error()
	}
	return strings.Join(messages, "; ")
}

// violation returns nil when there are no errors.
func violation(reason string, errs field.ErrorList) *Violation {
	if len(errs) == 0 {
		return nil
	}
	return &Violation{Reason: reason, Errors: errs}
}

func root() *field.Path { return field.NewPath("spec", "kubelet") }

// pathOf is the path of an expression, given as kit/kubelet names it.
func pathOf(name string) *field.Path {
	parent, key, nested := strings.Cut(name, ".")
	if !nested {
		return root().Child(name)
	}
	return root().Child(parent).Key(key)
}
