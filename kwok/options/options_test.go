// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"testing"

	core "karpenter.sh/core/operator/options"
	"karpenter.sh/kwok/options"
)

func TestDeclare(t *testing.T) { // section 2 of the specification, OPS-033
	for _, tc := range []struct {
		reason        string
		args, environ []string
		want          options.Options
		fails         bool
	}{
		{reason: "KWOK-005, KWOK-039: defaults"},
		{reason: "OPS-001: flags", args: []string{"--instance-types-file-path", "types.json", "--enable-failure-injection"},
			want: options.Options{InstanceTypesFilePath: "types.json", EnableFailureInjection: true}},
		{reason: "OPS-001: environment", environ: []string{"INSTANCE_TYPES_FILE_PATH=types.json", "ENABLE_FAILURE_INJECTION=true"},
			want: options.Options{InstanceTypesFilePath: "types.json", EnableFailureInjection: true}},
		{reason: "OPS-007: invalid", args: []string{"--enable-failure-injection=maybe"}, fails: true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var got options.Options
			_, err := core.Parse(core.Input{Args: tc.args, Environ: tc.environ, Declare: got.Declare})
			if (err != nil) != tc.fails || got != tc.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}
