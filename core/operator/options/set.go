// SPDX-License-Identifier: Apache-2.0

package options

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Option declares one setting of type T.
type Option[T any] struct {
	// Name of the flag, without dashes.
	Name string
	// Env is the name of the environment variable.
	Env string
	// Usage is one or more sentences for --help. It states meaning and unit.
	Usage string
	// Default value.
	Default T
	// Check, when set, returns why a final value is not valid.
	Check func(T) error
}

// Set is the one set of flags of a binary. The core declares its options first,
// a provider adds its own. A name that is declared twice makes parsing fail.
type Set struct {
	entries []*entry
	clashes []error
	// warnings tell of values that are valid and have no effect.
	warnings []string
}

// versionFlag is the name of the flag that asks which build this is.
const versionFlag = "version"

// entry is a declared option whatever its type. It implements flag.Value.
type entry struct {
	name, env, usage string
	// kind and fallback are type and default as --help shows them.
	kind, fallback string
	// changed means that the default is not that of the declaration.
	changed bool
	// assign reads a value and stores it.
	assign func(text string) error
	// fromEnv reads a value of the environment; it differs from assign for
	// booleans only.
	fromEnv func(text string) error
	// settle judges the final value.
	settle func() error
	// lenient entries fall back to the default on a bad variable (OPS-005).
	lenient bool
	// refused is why the value of the flag was not taken.
	refused error
	// gates are those that the value may name, if it is a list of gates.
	gates []Gate
}

// Set implements flag.Value.
func (e *entry) Set(text string) error {
	e.refused = e.invalid(text, e.assign(text))
	return e.refused
}

// String implements flag.Value.
func (e *entry) String() string { return e.fallback }

// IsBoolFlag lets a boolean flag stand without a value.
func (e *entry) IsBoolFlag() bool { return e.kind == "bool" }

// invalid names the option and the value that cause is about; nil for no cause.
func (e *entry) invalid(value string, cause error) error {
	if cause == nil {
		return nil
	}
	return fmt.Errorf("invalid value %q for --%s (%s): %w", value, e.name, e.env, cause)
}

// Bool declares a boolean.
func (s *Set) Bool(target *bool, o Option[bool]) {
	e := declare(s, target, o, kind[bool]{name: "bool", parse: parseFlagBool, lenient: true})
	e.fromEnv = func(text string) error {
		return store(target, text, explained(strconv.ParseBool, "must be true or false"))
	}
}

// Int declares an integer.
func (s *Set) Int(target *int, o Option[int]) {
	parse := explained(strconv.Atoi, "must be a whole number")
	declare(s, target, o, kind[int]{name: "int", parse: parse, lenient: true})
}

// Int64 declares an integer of 64 bits.
func (s *Set) Int64(target *int64, o Option[int64]) {
	parse := explained(func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }, "must be a whole number")
	declare(s, target, o, kind[int64]{name: "int", parse: parse, lenient: true})
}

// Float64 declares a number, which is finite.
func (s *Set) Float64(target *float64, o Option[float64]) {
	declare(s, target, o, kind[float64]{name: "float", parse: explained(parseFinite, "must be a finite number"), lenient: true})
}

func parseFinite(text string) (float64, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(value) || math.IsInf(value, 0)) {
		err = strconv.ErrRange
	}
	return value, err
}

// Duration declares a duration in Go syntax.
func (s *Set) Duration(target *time.Duration, o Option[time.Duration]) {
	parse := explained(time.ParseDuration, "must be a duration such as 90s or 1h30m")
	declare(s, target, o, kind[time.Duration]{name: "duration", parse: parse, lenient: true})
}

// String declares a string. An environment variable that is set but empty
// counts as set (OPS-006).
func (s *Set) String(target *string, o Option[string]) {
	declare(s, target, o, kind[string]{name: "string", parse: verbatim})
}

// Text declares a string that is compiled into a value of another type, once it
// is known which source wins. An error of compile makes the option invalid.
func Text[T any](s *Set, target *T, o Option[string], compile func(string) (T, error)) {
	text(s, target, o, compile)
}

func text[T any](s *Set, target *T, o Option[string], compile func(string) (T, error)) *entry {
	written := new(string)
	e := declare(s, written, o, kind[string]{name: "string", parse: verbatim})
	e.settle = func() error { return e.invalid(*written, store(target, *written, compile)) }
	return e
}

func verbatim(text string) (string, error) { return text, nil }

// kind is how values of a type are written.
type kind[T any] struct {
	name    string
	parse   func(string) (T, error)
	lenient bool
}

func declare[T any](s *Set, target *T, o Option[T], k kind[T]) *entry {
	*target = o.Default
	e := &entry{name: o.Name, env: o.Env, usage: o.Usage, kind: k.name, fallback: fmt.Sprint(o.Default), lenient: k.lenient}
	e.assign = func(text string) error { return store(target, text, k.parse) }
	e.fromEnv = e.assign
	e.settle = func() error {
		if o.Check == nil {
			return nil
		}
		return e.invalid(fmt.Sprint(*target), o.Check(*target))
	}
	s.add(e)
	return e
}

// Default gives an option that is declared already another default, written as its flag
// would be. A provider says so where its installations have always had another. A name
// that is not declared, or a value that cannot be read, makes parsing fail.
func (s *Set) Default(name, value string) {
	for _, e := range s.entries {
		if e.name != name {
			continue
		}
		if err := e.assign(value); err != nil {
			s.clashes = append(s.clashes, fmt.Errorf("default %q of --%s: %w", value, name, err))
		}
		e.fallback, e.changed = value, true
		return
	}
	s.clashes = append(s.clashes, fmt.Errorf("flag --%s gets another default and is not declared", name))
}

// add keeps an entry, or the reason why it cannot be told from another one.
func (s *Set) add(e *entry) {
	if e.name == versionFlag || e.name == "help" || e.name == "h" {
		s.clashes = append(s.clashes, fmt.Errorf("flag --%s is declared twice", e.name))
		return
	}
	for _, other := range s.entries {
		if e.name == other.name {
			s.clashes = append(s.clashes, fmt.Errorf("flag --%s is declared twice", e.name))
			return
		}
		if e.env == other.env {
			s.clashes = append(s.clashes, fmt.Errorf("environment variable %s is declared by --%s and --%s", e.env, other.name, e.name))
			return
		}
	}
	s.entries = append(s.entries, e)
}

func store[T any](target *T, text string, parse func(string) (T, error)) error {
	value, err := parse(text)
	if err != nil {
		return err
	}
	*target = value
	return nil
}

// explained is a parser whose errors say what is valid instead of what went wrong,
// which names nothing that a user knows.
func explained[T any](parse func(string) (T, error), valid string) func(string) (T, error) {
	return func(text string) (T, error) {
		value, err := parse(text)
		if errors.Is(err, strconv.ErrRange) {
			return value, errors.New(valid + " within range")
		}
		if err != nil {
			return value, errors.New(valid)
		}
		return value, nil
	}
}

// parseFlagBool is stricter than the environment (OPS-003).
func parseFlagBool(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New(`must be "true" or "false"`)
}

// readEnviron applies environment variables and returns a warning for each that
// was replaced by the default. Where a variable stands twice the first counts.
func (s *Set) readEnviron(environ []string) (warnings []string, err error) {
	values := map[string]string{}
	for _, pair := range slices.Backward(environ) {
		if name, value, ok := strings.Cut(pair, "="); ok {
			values[name] = value
		}
	}
	for _, e := range s.entries {
		value, set := values[e.env]
		if !set {
			continue
		}
		cause := e.fromEnv(value)
		switch {
		case cause == nil:
		case e.lenient:
			warnings = append(warnings, fmt.Sprintf("environment variable %s=%q cannot be read (%v), using the default %s", e.env, value, cause, e.fallback))
		default:
			err = errors.Join(err, e.invalid(value, cause))
		}
	}
	return warnings, err
}

// readArgs applies flags. It returns flag.ErrHelp or ErrVersion when that is asked
// for.
func (s *Set) readArgs(args []string) error {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, e := range s.entries {
		flags.Var(e, e.name, e.usage)
	}
	version := flags.Bool(versionFlag, false, "")
	for {
		if err := flags.Parse(args); err != nil {
			return s.refusal(err)
		}
		args = flags.Args()
		if len(args) == 0 && *version {
			return ErrVersion
		}
		if len(args) == 0 {
			return nil
		}
		if args[0] != "" {
			return fmt.Errorf("unexpected argument %q", args[0])
		}
		args = args[1:]
	}
}

// refusal says in the words of all other errors what the library found wrong with a
// flag: a value that was not taken, or a flag that there is not.
func (s *Set) refusal(found error) error {
	for _, e := range s.entries {
		if e.refused != nil {
			return e.refused
		}
	}
	if name, unknown := strings.CutPrefix(found.Error(), "flag provided but not defined: -"); unknown {
		return fmt.Errorf("unknown flag --%s", name)
	}
	return found
}

// settle judges the final values.
func (s *Set) settle() error {
	var errs []error
	for _, e := range s.entries {
		errs = append(errs, e.settle())
	}
	return errors.Join(errs...)
}

// parse fills the targets of all options.
func (s *Set) parse(args, environ []string) ([]string, error) {
	if len(s.clashes) > 0 {
		return nil, errors.Join(s.clashes...)
	}
	warnings, envErr := s.readEnviron(environ)
	if err := s.readArgs(args); err != nil {
		return warnings, errors.Join(err, envErr)
	}
	settled := s.settle()
	return append(warnings, s.warnings...), errors.Join(envErr, settled)
}
