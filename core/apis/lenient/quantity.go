// SPDX-License-Identifier: Apache-2.0

package lenient

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
)

// errLaborious says what numbers are not read.
var errLaborious = fmt.Errorf("a quantity has at most %d characters and an exponent of at most %d digits", maxNumber, maxExponent)

// ParseQuantity is resource.ParseQuantity for text that users write: what would
// take long to read is an error.
func ParseQuantity(text string) (resource.Quantity, error) {
	if !parsable([]byte(text)) {
		return resource.Quantity{}, fmt.Errorf("reading %.100q: %w", text, errLaborious)
	}
	return resource.ParseQuantity(text)
}

// CheckNumbers returns an error if there may be a number in a JSON text that
// would take long to read as a quantity.
func CheckNumbers(text []byte) error {
	if laborious(text) {
		return errLaborious
	}
	return nil
}
