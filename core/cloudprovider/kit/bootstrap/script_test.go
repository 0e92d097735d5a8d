// SPDX-License-Identifier: Apache-2.0

package bootstrap_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
)

// KIT-188: a text is one word, whatever it holds.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"plain-1.2_3/x:y,@+": "plain-1.2_3/x:y,@+", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(id)": "'$(id)'", "`id`": "'`id`'",
		"a\nb": "'a\nb'", `\`: `'\'`, "a=b": "'a=b'", "~": "'~'", "*": "'*'", "é": "'é'", "-n": "-n",
	} {
		if got, err := bootstrap.Quote(text); got != want || err != nil {
			t.Errorf("%q is written %s, %v, want %s", text, got, err, want)
		}
	}
	if _, err := bootstrap.Quote("a\x00b"); !errors.Is(err, bootstrap.ErrUnquotable) {
		t.Errorf("a zero byte: %v", err)
	}
}

// KIT-188: a shell reads back what was quoted.
func FuzzQuote(f *testing.F) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		f.Skip("there is no shell to judge the quoting")
	}
	for _, text := range []string{"it's", "$(id) `id` \\ \" ' \n\t", "-e", "a'\\''b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		word, err := bootstrap.Quote(text)
		if strings.ContainsRune(text, 0) {
			if err == nil {
				t.Error("a zero byte was quoted")
			}
			return
		}
		got, err := exec.CommandContext(t.Context(), shell, "-c", "printf %s. "+word).Output()
		if err != nil || string(got) != text+"." {
			t.Errorf("%q is written %s and read %q, %v", text, word, got, err)
		}
	})
}

// KIT-188: in PowerShell curved quotes end a word like straight ones.
func TestPowerShellQuote(t *testing.T) {
	for text, want := range map[string]string{
		"": "''", "a b": "'a b'", "it's": "'it''s'", "\u2018\u2019\u201a\u201b": "'\u2018\u2018\u2019\u2019\u201a\u201a\u201b\u201b'", "$(id)": "'$(id)'",
	} {
		if got, err := bootstrap.PowerShellQuote(text); got != want || err != nil {
			t.Errorf("%q is written %s, %v, want %s", text, got, err, want)
		}
	}
	if _, err := bootstrap.PowerShellQuote("\x00"); !errors.Is(err, bootstrap.ErrUnquotable) {
		t.Errorf("a zero byte: %v", err)
	}
}

// KIT-188: a script with a bad line is an error, not a script.
func TestBadScripts(t *testing.T) {
	for name, write := range map[string]func(*bootstrap.Script){
		"a zero byte":          func(s *bootstrap.Script) { s.Run("echo", "\x00") },
		"no name":              func(s *bootstrap.Script) { s.Assign("a b", "x") },
		"a name with a suffix": func(s *bootstrap.Script) { s.Assign("a\nid", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			s := bootstrap.NewScript("#!/bin/sh")
			write(s)
			s.Run("true")
			if text, err := s.Bytes(); err == nil {
				t.Errorf("got %s", text)
			}
		})
	}
}
