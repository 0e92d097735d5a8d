// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics/families"
)

// signalsJSON holds, by the name of the binary, its metrics and events, each on a line so
// that changes can be read.
func signalsJSON(all []binary) (string, error) {
	var out []string
	for _, b := range all {
		metrics, err := lines(families.Flatten(b.Groups()))
		if err != nil {
			return "", fmt.Errorf("encoding the metrics of %s: %w", b.name, err)
		}
		told, err := lines(slices.Concat(events.Kinds(), b.events))
		if err != nil {
			return "", fmt.Errorf("encoding the events of %s: %w", b.name, err)
		}
		out = append(out, fmt.Sprintf("  %q: {\n    \"metrics\": [\n%s\n    ],\n    \"events\": [\n%s\n    ]\n  }", b.name, metrics, told))
	}
	return "{\n" + strings.Join(out, ",\n") + "\n}\n", nil
}

func lines[T any](all []T) (string, error) {
	out := make([]string, len(all))
	for i, one := range all {
		text, err := json.Marshal(one)
		if err != nil {
			return "", err
		}
		out[i] = "      " + string(text)
	}
	return strings.Join(out, ",\n"), nil
}
