// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"strings"
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

func TestOutside(t *testing.T) {
	const text = "- **AAA-001** (outside) Others do.\n- **AAA-002** Done (outside).\n- as **AAA-003** (outside)\n**AAA-004** (outside) x\n- **AAA-005** y\n"
	outside := spec.Outside(text)
	if got := spec.Ranges(outside); got != "AAA-001, AAA-004" {
		t.Errorf("Outside = %q", got)
	}
	chapter := spec.Chapter{Name: "a", Requirements: spec.Requirements(text), Outside: outside}
	coverage, unknown := spec.Compare([]spec.Chapter{chapter}, spec.Citations("AAA-001 AAA-005"))
	if c := coverage[0]; c.Cited() != 1 || c.Chapter.Binding() != 2 || spec.Ranges(c.Uncited) != "AAA-002" {
		t.Errorf("coverage %+v", c)
	}
	if len(unknown) > 0 {
		t.Errorf("unknown %v: it is defined, whomever it binds", unknown)
	}
}

func TestRangesJoinsThreeOrMore(t *testing.T) {
	if got := spec.Ranges(spec.Citations("AB-009 AB-001 AB-002 AB-003 AB-005 AB-006")); got != "AB-001..003, AB-005, AB-006, AB-009" {
		t.Errorf("Ranges = %q", got)
	}
}

// Unused is about names: it may miss code that nobody calls, and never lists code
// that is called.
func TestUnused(t *testing.T) {
	const program = "package main\n\nimport \"x/lib\"\n\nfunc main() {"
	lib := func(text string) spec.Source {
		return spec.Source{Name: "lib.go", Package: "x/lib", Text: []byte("package lib\n\n" + text)}
	}
	main := func(body string) spec.Source {
		return spec.Source{Name: "main.go", Package: "x/cmd", Text: []byte(program + body + "}\n")}
	}
	for _, tc := range []struct {
		reason string
		files  []spec.Source
		want   string
	}{
		{"nobody calls it", []spec.Source{main(""), lib("func A() {}")}, "A"},
		{"nor the method", []spec.Source{main(""), lib("type t struct{}\n\nfunc (t) A() {}")}, "A"},
		{"it is called", []spec.Source{main("lib.A()"), lib("func A() {}")}, ""},
		{"it is passed on", []spec.Source{main("f(lib.A)"), lib("func A() {}")}, ""},
		{"it is called where it is declared", []spec.Source{main(""), lib("func A() {}\n\nvar _ = A()")}, ""},
		{"tests do not count", []spec.Source{main(""), lib("func A() {}"), {Name: "lib_test.go", Package: "x/lib", Text: []byte("package lib\n\nfunc TestA() { A() }")}}, "A"},
		{"nor do fields of that name", []spec.Source{main(""), lib("type t struct{ A int }\n\nvar _ = t{A: 1}\n\nfunc (t) B() {}\n\nfunc A() {}")}, "A, B"},
		{"an interface asks for it", []spec.Source{main(""), lib("type i interface{ A() }\n\ntype t struct{}\n\nfunc (t) A() {}")}, ""},
		{"several types have it", []spec.Source{main(""), lib("type t struct{}\n\ntype u struct{}\n\nfunc (t) A() {}\n\nfunc (u) A() {}")}, ""},
		{"it is not exported", []spec.Source{main(""), lib("func a() {}")}, ""},
		{"no program has it", []spec.Source{lib("func A() {}")}, ""},
		{"a program has it by another package", []spec.Source{
			main(""), lib("import \"x/deep\""), {Name: "deep.go", Package: "x/deep", Text: []byte("package deep\n\nfunc A() {}")}}, "A"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := spec.Unused(tc.files)
			if err != nil || strings.Join(got, ", ") != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestCitationsOfCalled(t *testing.T) {
	test := spec.Source{Name: "a_test.go", Text: []byte(`package a

// AAA-001: of the file.

// AAA-002
func TestDead(t *testing.T) {
	t.Run("AAA-003", func(t *testing.T) { x.Dead() })
}

// AAA-004
func TestLive(t *testing.T) { x.Live() }
`)}
	got, err := spec.CitationsOfCalled(test, []string{"Dead"})
	if err != nil || spec.Ranges(got) != "AAA-001, AAA-004" {
		t.Errorf("got %s, %v", spec.Ranges(got), err)
	}
}
