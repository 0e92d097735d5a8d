// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// options are what the command line decides.
type options struct {
	// chart is the directory that is written to.
	chart string
	// values are files of annotated values; the later ones win.
	values []string
	// crds are directories of definitions; the later ones win.
	crds []string
	// crdsTo is the directory in the chart that they go to, crds or templates.
	crdsTo string
	// policies are directories of admission policies, for charts that have them.
	policies []string
}

func main() {
	if err := run(parseFlags()); err != nil {
		fmt.Fprintln(os.Stderr, "chartgen:", err)
		os.Exit(1)
	}
}

func parseFlags() options {
	flags := flag.NewFlagSet("chartgen", flag.ExitOnError)
	chart := flags.String("chart", "", "`directory` of the chart")
	values := flags.String("values", "", "comma-separated `files` of annotated values; the later ones win")
	crds := flags.String("crds", "", "comma-separated `directories` of CRDs; the later ones win")
	crdsTo := flags.String("crds-to", "crds", "`directory` in the chart for the CRDs: crds, or templates to have Helm upgrade them")
	policies := flags.String("policies", "", "comma-separated `directories` of admission policies")
	_ = flags.Parse(os.Args[1:]) // it exits itself
	return options{chart: *chart, values: split(*values), crds: split(*crds), crdsTo: *crdsTo, policies: split(*policies)}
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// run writes all that is generated of one chart.
func run(opts options) error {
	about, err := readAbout(opts.chart)
	if err != nil {
		return err
	}
	values, err := readValues(opts.values)
	if err != nil {
		return err
	}
	schema, err := schemaOf(about, values)
	if err != nil {
		return fmt.Errorf("make the schema of %s: %w", opts.chart, err)
	}
	text, err := valuesText(opts.values, values)
	if err != nil {
		return fmt.Errorf("write the values of %s: %w", opts.chart, err)
	}
	for name, content := range map[string]string{
		"values.yaml": text, "values.schema.json": schema, "README.md": readme(about, values),
	} {
		if err := os.WriteFile(filepath.Join(opts.chart, name), []byte(content), 0o644); err != nil {
			return fmt.Errorf("write %s of %s: %w", name, opts.chart, err)
		}
	}
	if err := copyCRDs(opts); err != nil {
		return err
	}
	return copyPolicies(opts)
}

// about is what a chart says of itself.
type about struct {
	Name         string `json:"name"`
	Description  string `json:"description"`
	Dependencies []struct {
		Name string `json:"name"`
	} `json:"dependencies"`
	// path is the directory from the root.
	path string
}

func readAbout(chart string) (about, error) {
	a := about{path: filepath.ToSlash(chart)}
	content, err := os.ReadFile(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return a, fmt.Errorf("read the chart: %w", err)
	}
	if err := yaml.Unmarshal(content, &a); err != nil {
		return a, fmt.Errorf("parse Chart.yaml of %s: %w", chart, err)
	}
	return a, nil
}
