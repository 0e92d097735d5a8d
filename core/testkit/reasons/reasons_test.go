// SPDX-License-Identifier: Apache-2.0

package reasons_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"karpenter.sh/core/testkit/reasons"
)

const source = `package p

const reasonOfConstant, DriftOfType, ItsOwnName = "OfConstant", "NoReason", "ItsOwnName"

const drift x.DriftReason = "OfDrift"

var field = event{Reason: "OfField", Message: "NotThis"}

func f(c conditions, e *event) any {
	c.SetFalse("Type", "OfCall", "a message")
	e.Reason = "OfAssignment"
	_ = blocker{"OfBlocker", "NotThat"}
	return other("NeitherThis")
}
`

func TestInSource(t *testing.T) {
	root := t.TempDir()
	for _, file := range []string{"p/p.go", "p/p_test.go", "left/out.go", "p/notes.txt"} {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		text := source
		if file != "p/p.go" {
			text = "package p\n\nconst reason = \"NotFound\"\n"
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := reasons.InSource(root, "left")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.Text)
		if filepath.Base(f.File) != "p.go" {
			t.Errorf("%s is said to be in %s", f.Text, f.File)
		}
	}
	// The type of a condition stands beside its reason, and looks like one.
	want := "ItsOwnName OfAssignment OfBlocker OfCall OfConstant OfDrift OfField Type"
	if text := strings.Join(got, " "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestInSourceTellsWhatItCannotRead(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "broken.go"), []byte("no package"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := reasons.InSource(root); err == nil {
		t.Error("a file that is no Go was passed over")
	}
}
