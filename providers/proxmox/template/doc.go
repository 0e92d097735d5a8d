// SPDX-License-Identifier: Apache-2.0

// Package template says what the machines of a ProxmoxTemplate are made of.
//
// # What it decides
//
// The options of a template's machine ([Recipe.Options], PVE-025), what of them is written
// to one that is there ([Recipe.Update], PVE-028), and whether a machine of the name is the
// object's own ([Recipe.Judge], PVE-027).
//
// # What it never does
//
// It calls nobody.
//
// # Start reading at
//
// recipe.go, then options.go and verdict.go.
package template
