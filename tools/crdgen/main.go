// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// options are what the command line decides.
type options struct {
	// paths are the Go package patterns to generate for.
	paths []string
	// out is the directory that the CRDs are written to; empty: there are none.
	out string
	// deepcopy says whether to write deep-copy methods beside the types.
	deepcopy bool
	// restrictDomains are label domains that are closed to users, beside the
	// core's own.
	restrictDomains []string
	// allowLabels are the labels in those domains that users may still name.
	allowLabels []string
	// overlayForbids are those of the allowed labels that NodeOverlays may not
	// name.
	overlayForbids []string
}

func main() {
	if err := run(parseFlags()); err != nil {
		fmt.Fprintln(os.Stderr, "crdgen:", err)
		os.Exit(1)
	}
}

func parseFlags() options {
	opts, flags := options{}, flag.NewFlagSet("crdgen", flag.ExitOnError)
	paths := flags.String("paths", "./core/apis/...", "comma-separated Go package `patterns` to generate for")
	flags.StringVar(&opts.out, "out", "core/apis/crds", "`directory` to write the CRDs to; empty for types that somebody else defines")
	flags.BoolVar(&opts.deepcopy, "deepcopy", true, "write deep-copy methods beside the types")
	flags.Func("restrict-domain", "label `domain` that users may not use; may be repeated",
		appendTo(&opts.restrictDomains))
	flags.Func("allow-label", "label `key` in a restricted domain that users may use; may be repeated",
		appendTo(&opts.allowLabels))
	flags.Func("overlay-forbid-label", "allowed label `key` that NodeOverlays may not use nevertheless; may be repeated",
		appendTo(&opts.overlayForbids))
	_ = flags.Parse(os.Args[1:]) // it exits itself
	opts.paths = strings.Split(*paths, ",")
	return opts
}

func appendTo(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}

func run(opts options) error {
	if opts.deepcopy {
		if err := writeDeepcopy(opts.paths); err != nil {
			return err
		}
	}
	if opts.out == "" {
		return nil
	}
	definitions, err := definitionsOf(opts.paths)
	if err != nil {
		return err
	}
	domains, err := restrictedDomains(opts)
	if err != nil {
		return err
	}
	overlay, err := forbid(domains, opts.overlayForbids)
	if err != nil {
		return err
	}
	for _, definition := range definitions {
		if err := complete(definition, keys{domains, overlay}); err != nil {
			return fmt.Errorf("completing CRD %s: %w", definition.Name, err)
		}
	}
	return writeDefinitions(opts.out, definitions)
}
