// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"math/big"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Signals that a threshold may watch.
const (
	MemoryAvailable   = "memory.available"
	NodeFSAvailable   = "nodefs.available"
	NodeFSInodesFree  = "nodefs.inodesFree"
	ImageFSAvailable  = "imagefs.available"
	ImageFSInodesFree = "imagefs.inodesFree"
	PIDAvailable      = "pid.available"
)

func signals() []string {
	return []string{MemoryAvailable, NodeFSAvailable, NodeFSInodesFree, ImageFSAvailable, ImageFSInodesFree, PIDAvailable}
}

// Threshold is an amount, or a share of the capacity.
type Threshold struct {
	text     string   // as it was written
	percent  *big.Rat // nil for an amount
	quantity resource.Quantity
}

// ParseThreshold reads `N%` with N from 0 to 100, or a quantity above 0. 100 must be
// written `100%`: the kubelet takes just that text for none, and other spellings for
// the whole capacity.
func ParseThreshold(text string) (Threshold, error) {
	t, err := parseAmount(text)
	switch {
	case err != nil:
		return Threshold{}, err
	case t.percent == nil && t.quantity.IsZero():
		return Threshold{}, fmt.Errorf("must be positive; 0%% is none")
	case t.isAll() && text != "100%":
		return Threshold{}, fmt.Errorf("must be written 100%%")
	}
	return t, nil
}

// parseReclaim reads a minimum reclaim: `N%` with N above 0 and at most 100, or a
// quantity that is not negative.
func parseReclaim(text string) (Threshold, error) {
	t, err := parseAmount(text)
	if err == nil && t.percent != nil && t.percent.Sign() == 0 {
		return Threshold{}, fmt.Errorf("must be more than 0%%")
	}
	return t, err
}

// parseAmount reads `N%` with N from 0 to 100, or a quantity that is not negative.
func parseAmount(text string) (Threshold, error) {
	number, isPercent := strings.CutSuffix(text, "%")
	if !isPercent {
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			return Threshold{}, fmt.Errorf("must be a quantity or a percentage: %w", err)
		}
		if quantity.Sign() < 0 {
			return Threshold{}, fmt.Errorf("must not be negative")
		}
		return Threshold{text: text, quantity: quantity}, nil
	}
	percent, ok := decimal(number)
	if !ok {
		return Threshold{}, fmt.Errorf("must be a percentage from 0%% to 100%%")
	}
	return Threshold{text: text, percent: percent}, nil
}

// maxDecimal is as long as a percentage may be; no number of use is longer.
const maxDecimal = 16

// decimal reads a plain number from 0 to 100: neither sign, exponent nor fraction
// bar.
func decimal(text string) (*big.Rat, bool) {
	if text == "" || len(text) > maxDecimal || strings.Trim(text, "0123456789.") != "" {
		return nil, false
	}
	number, ok := new(big.Rat).SetString(text)
	return number, ok && number.Cmp(big.NewRat(100, 1)) <= 0
}

// String is the threshold as it was written.
func (t Threshold) String() string { return t.text }

// isAll reports whether the threshold is 100 %, however it is written.
func (t Threshold) isAll() bool {
	return t.percent != nil && t.percent.Cmp(big.NewRat(100, 1)) == 0
}

// Of returns the threshold for a capacity, rounded up. The kubelet takes 100 % for
// none, like 0 %.
func (t Threshold) Of(capacity int64) int64 {
	if t.percent == nil {
		return t.quantity.Value()
	}
	if t.isAll() {
		return 0
	}
	part := new(big.Rat).Mul(t.percent, big.NewRat(capacity, 100))
	up := new(big.Int).Add(part.Num(), new(big.Int).Sub(part.Denom(), big.NewInt(1)))
	return up.Div(up, part.Denom()).Int64()
}
