// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strconv"
	"strings"

	"karpenter.sh/core/operator/options"
)

const settingsText = `What can be set when a controller starts. Each setting has a flag and an environment variable;
the flag wins over the variable, the variable over the default. Durations are written like
` + "`90s`" + ` or ` + "`1h30m`" + `. A flag that there is not, and a value that is not valid, end the start with a
message. ` + "`--help`" + ` prints the settings of a binary.`

// settingsPage lists the settings of the core, then those that each provider adds.
func settingsPage(all []binary) string {
	p := newPage("Settings", settingsText)
	p.section("All controllers", "")
	p.settings(options.Settings(nil))
	for _, b := range all {
		p.section("Provider "+b.title, "Beside the above, of `"+b.name+"`.")
		p.settings(b.settings)
	}
	return p.String()
}

func (p *page) settings(all []options.Setting) {
	var rows [][]string
	for _, s := range all {
		rows = append(rows, []string{code("--" + s.Flag), code(s.Env), s.Type, fallback(s), plain(s.Usage)})
	}
	p.table([]string{"Flag", "Variable", "Type", "Default", "Meaning"}, rows)
	for _, s := range all {
		if len(s.Gates) > 0 {
			p.gates(s)
		}
	}
}

func (p *page) gates(s options.Setting) {
	p.add("\nGates of %s:\n", code("--"+s.Flag))
	var rows [][]string
	for _, g := range s.Gates {
		rows = append(rows, []string{code(g.Name), string(g.Stage), strconv.FormatBool(g.Default), plain(g.Usage)})
	}
	p.table([]string{"Gate", "Stage", "Default", "Meaning"}, rows)
}

func fallback(s options.Setting) string {
	switch {
	case len(s.Gates) > 0:
		return "see below"
	case s.Default == "":
		return "empty"
	}
	return code(s.Default)
}

// plain keeps a text out of the syntax of tables and of HTML.
func plain(text string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", ">", "&gt;").Replace(text)
}
