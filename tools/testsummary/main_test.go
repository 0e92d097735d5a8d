// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestTally(t *testing.T) {
	tests := []struct {
		reason, report, want string
	}{
		{"an empty report has no tests", `<testsuites/>`, "0 passed, 0 failed, 0 skipped"},
		{"every outcome is counted, in all suites", `<testsuites>
			<testsuite><testcase name="a"/><testcase name="b"><failure message="x">y</failure></testcase></testsuite>
			<testsuite><testcase name="c"><skipped/></testcase><testcase name="d"><error/></testcase><testcase name="e"><system-out>z</system-out></testcase></testsuite>
			</testsuites>`, "2 passed, 2 failed, 1 skipped"},
		{"what runs around the tests is no test", `<testsuite><testcase name="[BeforeSuite]"/><testcase name="[It] works"/></testsuite>`, "1 passed, 0 failed, 0 skipped"},
		{"but its failure is one", `<testsuite><testcase name="[SynchronizedAfterSuite]"><failure/></testcase></testsuite>`, "0 passed, 1 failed, 0 skipped"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			var sum tally
			if err := sum.add(strings.NewReader(tc.report)); err != nil {
				t.Fatal(err)
			}
			if sum.String() != tc.want {
				t.Errorf("%s, want %s", sum, tc.want)
			}
		})
	}
}

func TestTallyRejectsBrokenReports(t *testing.T) {
	var sum tally
	if err := sum.add(strings.NewReader(`<testsuite><testcase`)); err == nil {
		t.Error("half a report is taken for a whole one")
	}
}
