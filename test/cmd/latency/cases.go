// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultCases are run if none are named.
const defaultCases = "100 1000 10000 1000-10s 1000-60s mixed"

// mostPods of one case: beyond it, one machine would measure its own limits.
const mostPods = 50_000

// Case is pods and the pace at which they come.
type Case struct {
	Name string
	Pods int
	// Over is how long it takes to create them; zero for as fast as possible.
	Over time.Duration
	// Mixed pods are of all kinds, others differ in size only.
	Mixed bool
}

// count is "1000" or "1000-10s".
var count = regexp.MustCompile(`^([1-9][0-9]{0,5})(?:-([0-9]+(?:\.[0-9]+)?(?:ms|s|m)))?$`)

// parseCases reads names with spaces or commas between them; none means the
// default ones.
func parseCases(text string) ([]Case, error) {
	names := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' })
	if len(names) == 0 {
		names = strings.Fields(defaultCases)
	}
	var out []Case
	for _, name := range names {
		c, err := parseCase(name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, c) {
			return nil, fmt.Errorf("case %q is given twice; give each once", name)
		}
		out = append(out, c)
	}
	return out, nil
}

func parseCase(name string) (Case, error) {
	if name == "mixed" {
		return Case{Name: name, Pods: mixedPods, Mixed: true}, nil
	}
	match := count.FindStringSubmatch(name)
	if match == nil {
		return Case{}, fmt.Errorf("no case is called %q: want a number of pods (1000), a number with the time they come in (1000-10s), or mixed; see -help", name)
	}
	pods, err := strconv.Atoi(match[1])
	if err != nil || pods > mostPods {
		return Case{}, fmt.Errorf("case %q: want at most %d pods", name, mostPods)
	}
	c := Case{Name: name, Pods: pods}
	if match[2] == "" {
		return c, nil
	}
	if c.Over, err = time.ParseDuration(match[2]); err != nil || c.Over <= 0 || c.Over > time.Hour {
		return Case{}, fmt.Errorf("case %q: want a time between 0 and 1 hour after the hyphen, such as 10s", name)
	}
	return c, nil
}
