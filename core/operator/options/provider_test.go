// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"errors"
	"strings"
	"testing"

	"karpenter.sh/core/operator/options"
)

// OPS-005, OPS-009, OPS-040, OPS-041: numbers and gates that a provider declares.
func TestNumbersAndGatesOfProviders(t *testing.T) {
	for _, tt := range []struct {
		name          string
		args, environ []string
		number        float64
		on, off       bool
		warning, fail string
	}{
		{name: "defaults", number: 0.5, on: true},
		{name: "flags", args: []string{"--number=-1.5e1", "--gates=Off=true"}, number: -15, on: true, off: true},
		{name: "environment", environ: []string{"NUMBER=2", "GATES=On=false, Off = T"}, number: 2, off: true},
		{name: "a variable that cannot be read", environ: []string{"NUMBER=much"}, number: 0.5, on: true, warning: "NUMBER"},
		{name: "a variable that is no finite number", environ: []string{"NUMBER=inf"}, number: 0.5, on: true, warning: "finite"},
		{name: "a flag that is no finite number", args: []string{"--number=NaN"}, fail: "finite"},
		{name: "an unknown gate", args: []string{"--gates=Other=true"}, number: 0.5, on: true, warning: `"Other"`},
		{name: "a gate without value", args: []string{"--gates=On"}, fail: "--gates"},
		{name: "a number that is refused", args: []string{"--number=-100"}, fail: "--number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var number float64
			var on, off bool
			result, err := options.Parse(options.Input{Args: tt.args, Environ: tt.environ, Declare: func(s *options.Set) {
				s.Float64(&number, options.Option[float64]{Name: "number", Env: "NUMBER", Default: 0.5, Check: func(f float64) error {
					if f < -50 {
						return errors.New("must be greater")
					}
					return nil
				}})
				s.Gates(options.Option[string]{Name: "gates", Env: "GATES"},
					options.Gate{Name: "On", Target: &on, Default: true}, options.Gate{Name: "Off", Target: &off})
			}})
			if (err != nil) != (tt.fail != "") || err != nil && !strings.Contains(err.Error(), tt.fail) {
				t.Fatalf("the error is %v, not about %q", err, tt.fail)
			}
			if err != nil {
				return
			}
			if number != tt.number || on != tt.on || off != tt.off {
				t.Errorf("got %v, %t, %t", number, on, off)
			}
			if got := strings.Join(result.Warnings, "\n"); (got != "") != (tt.warning != "") || !strings.Contains(got, tt.warning) {
				t.Errorf("the warnings are %q", got)
			}
		})
	}
}
