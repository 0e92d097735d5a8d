// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrPrice says that a text is not in the grammar of prices and adjustments.
var ErrPrice = errors.New("not a price, a signed amount or a signed percentage")

// PriceChange is what an overlay makes of a price. The zero PriceChange leaves
// every price as it is.
//
// +kubebuilder:object:generate=false
type PriceChange struct {
	factor, amount float64
	set            bool
}

// PriceChange returns what the overlay makes of a price, or an error that is
// ErrPrice if its spec is not in the grammar.
func (o *NodeOverlay) PriceChange() (PriceChange, error) {
	return ParsePriceChange(cmp.Or(o.Spec.Price, o.Spec.PriceAdjustment))
}

// ParsePriceChange reads a price such as 1.5, a signed amount such as -0.1 or a
// signed percentage such as +20%. The empty text changes nothing (CP-067).
func ParsePriceChange(text string) (PriceChange, error) {
	if text == "" {
		return PriceChange{}, nil
	}
	sign, digits := 1.0, text
	signed := text[0] == '+' || text[0] == '-'
	if signed {
		digits = text[1:]
	}
	if text[0] == '-' {
		sign = -1
	}
	digits, isPercent := strings.CutSuffix(digits, "%")
	number, err := strconv.ParseFloat(digits, 64)
	if err != nil || strings.Trim(digits, ".0123456789") != "" || isPercent && !signed {
		return PriceChange{}, fmt.Errorf("reading %q: %w", text, ErrPrice)
	}
	switch {
	case isPercent:
		return PriceChange{factor: 1 + sign*number/100, set: true}, nil
	case signed:
		return PriceChange{factor: 1, amount: sign * number, set: true}, nil
	}
	return PriceChange{amount: number, set: true}, nil
}

// SetsPrice tells whether there is a change at all.
func (c PriceChange) SetsPrice() bool { return c.set }

// Apply returns the changed price, which is never below 0.
func (c PriceChange) Apply(price float64) float64 {
	if !c.set {
		return price
	}
	return max(price*c.factor+c.amount, 0)
}
