// SPDX-License-Identifier: Apache-2.0

package options

// Setting is an option as documentation shows it.
type Setting struct {
	// Flag is without dashes, Env the environment variable.
	Flag, Env string
	// Type is bool, int, float, duration or string.
	Type string
	// Default as it would be written.
	Default string
	// Usage is one or more sentences.
	Usage string
	// Gates are those that the value may name, if it is a list of gates.
	Gates []Gate
}

// Settings lists the options of the core in the order of their declaration. With a
// declaration of a provider they are that provider's alone: its own, and those of the core
// that it gives another default.
func Settings(declare func(*Set)) []Setting {
	set := &Set{}
	new(Options).declare(set)
	first := 0
	if declare != nil {
		first = len(set.entries)
		declare(set)
	}
	var out []Setting
	for i, e := range set.entries {
		if i >= first || e.changed {
			out = append(out, Setting{Flag: e.name, Env: e.env, Type: e.kind, Default: e.fallback, Usage: e.usage, Gates: e.gates})
		}
	}
	return out
}
