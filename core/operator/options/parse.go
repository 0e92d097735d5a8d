// SPDX-License-Identifier: Apache-2.0

package options

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrHelp is returned when a flag asks for help. The caller prints
// [Result.Usage] and exits with 0.
var ErrHelp = flag.ErrHelp

// ErrVersion is returned when a flag asks which build this is. The caller prints
// that and exits with 0.
var ErrVersion = errors.New("the version is asked for")

// Input is everything that options are read from.
type Input struct {
	// Args are the arguments of the process without its name.
	Args []string
	// Environ is the environment as "NAME=value".
	Environ []string
	// Declare adds options of a provider to the set of the core; may be nil.
	// Their targets are filled when Parse returns.
	Declare func(*Set)
}

// Result is what came of parsing.
type Result struct {
	// Options of the core.
	Options Options
	// Warnings name the environment variables that were replaced by defaults, and
	// what was given and has no effect.
	Warnings []string

	set *Set
}

// Usage writes every flag of the binary with its variable and default.
func (r Result) Usage(w io.Writer, binary string) error {
	var text strings.Builder
	fmt.Fprintf(&text, "Usage: %s [flags]\n\nEach flag can be set by the environment variable beside it; the flag wins.\n\n", binary)
	entries := slices.SortedFunc(slices.Values(r.set.entries), func(a, b *entry) int { return strings.Compare(a.name, b.name) })
	for _, e := range entries {
		value, fallback := " "+e.kind, e.fallback
		switch e.kind {
		case "bool":
			value = "[=true|false]"
		case "string":
			fallback = fmt.Sprintf("%q", fallback)
		}
		fmt.Fprintf(&text, "  --%s%s\n        %s\n        $%s, default %s\n", e.name, value, e.usage, e.env, fallback)
	}
	fmt.Fprintf(&text, "  --%s\n        Print which build this is.\n  --help\n        Print this.\n", versionFlag)
	_, err := io.WriteString(w, text.String())
	return err
}

// Parse reads the options of the core and of a provider. It depends on nothing
// but its input. The error names every option that is not valid, with its value
// (OPS-007); it is [ErrHelp] or [ErrVersion] when that is asked for. The result is usable for
// Usage even with an error.
func Parse(in Input) (Result, error) {
	result := Result{set: &Set{}}
	result.Options.declare(result.set)
	if in.Declare != nil {
		in.Declare(result.set)
	}
	warnings, err := result.set.parse(in.Args, in.Environ)
	for _, asked := range []error{ErrHelp, ErrVersion} {
		if errors.Is(err, asked) {
			return result, asked
		}
	}
	result.Warnings = warnings
	return result, errors.Join(err, result.Options.complete())
}
