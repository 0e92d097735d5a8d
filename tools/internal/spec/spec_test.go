// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"testing"

	"karpenter.sh/tools/internal/spec"
)

func TestRequirements(t *testing.T) {
	tests := []struct {
		reason, text, want string
	}{
		{"a bullet that opens with a bold ID defines it", "- **SCH-001** Pods are read.", "SCH-001"},
		{"so does a paragraph", "**LIF-001** A NodeClaim is managed.", "LIF-001"},
		{"so does an indented bullet", "  - **API-003** Nested.", "API-003"},
		{"so does the first cell of a table row", "| OPS-010 | `--x` | OPS-011 |\n|---|---|\n| **API-010** | x |", "API-010, OPS-010"},
		{"a mention within a text does not", "- as in **SCH-001** and SCH-002", ""},
		{"nor does a cell that says more than the ID", "| OPS-010 and others | x |", ""},
		{"an ID that is defined twice counts once", "- **SCH-001** a\n- **SCH-001** b", "SCH-001"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			if got := spec.Ranges(spec.Requirements(tc.text)); got != tc.want {
				t.Errorf("Requirements = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCitations(t *testing.T) {
	tests := []struct {
		reason, text, want string
	}{
		{"a comment cites", "// LIF-083: claims are deleted", "LIF-083"},
		{"the name of a subtest cites", `t.Run("LIF-083 deletes", f)`, "LIF-083"},
		{"a range cites all in it", "// LIF-083..085", "LIF-083..085"},
		{"a range may repeat the prefix", "// LIF-083..LIF-085", "LIF-083..085"},
		{"a range backwards cites its start", "// LIF-085..083", "LIF-085"},
		{"a range into another chapter cites its start", "// LIF-083..SCH-085", "LIF-083"},
		{"other words with a hyphen do not", `"x-001 AMD-64 SHA-2560 utf-8"`, ""},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			if got := spec.Ranges(spec.Citations(tc.text)); got != tc.want {
				t.Errorf("Citations = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	chapters := []spec.Chapter{
		{Name: "a", Requirements: spec.Citations("AAA-001..004")},
		{Name: "b", Requirements: spec.Citations("BBB-001")},
	}
	coverage, unknown := spec.Compare(chapters, spec.Citations("AAA-002 AAA-009 BBB-001 CCC-001"))
	if len(coverage) != 2 || coverage[0].Cited() != 1 || spec.Ranges(coverage[0].Uncited) != "AAA-001, AAA-003, AAA-004" || coverage[1].Cited() != 1 {
		t.Errorf("coverage %+v", coverage)
	}
	if got := spec.Ranges(unknown); got != "AAA-009" {
		t.Errorf("unknown %q, want the misprint alone: CCC is no chapter's prefix", got)
	}
}

func TestRangesJoinsThreeOrMore(t *testing.T) {
	if got := spec.Ranges(spec.Citations("AB-009 AB-001 AB-002 AB-003 AB-005 AB-006")); got != "AB-001..003, AB-005, AB-006, AB-009" {
		t.Errorf("Ranges = %q", got)
	}
}
