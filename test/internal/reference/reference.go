// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics/families"
	"karpenter.sh/test/internal/scrape"
)

// Binary is the reference of one binary.
type Binary struct {
	Metrics []families.Family `json:"metrics"`
	Events  []events.Kind     `json:"events"`
}

// Load reads the reference of a binary, karpenter-kwok for example, from a file.
func Load(path, binary string) (Binary, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Binary{}, fmt.Errorf("read the reference: %w", err)
	}
	var all map[string]Binary
	if err := json.Unmarshal(text, &all); err != nil {
		return Binary{}, fmt.Errorf("read the reference %s: %w", path, err)
	}
	found, ok := all[binary]
	if !ok {
		return Binary{}, fmt.Errorf("the reference %s has no binary %s", path, binary)
	}
	return found, nil
}

// prefixes begin the names of metrics that may be shown only if the reference has them.
// Others are those of libraries.
func prefixes() []string {
	return []string{"karpenter_", "operator_", "aws_sdk_go_", "client_go_", "leader_election_"}
}

// Undocumented lists what is wrong with the metrics that are shown: a name that the
// reference does not have, another type, a series with other labels.
func (b Binary) Undocumented(shown scrape.Snapshot) []string {
	known := map[string]families.Family{}
	for _, f := range b.Metrics {
		known[f.Name] = f
	}
	var wrong []string
	for _, name := range shown.Names("") {
		f, documented := known[name]
		switch {
		case documented:
			wrong = append(wrong, mismatches(f, shown)...)
		case slices.ContainsFunc(prefixes(), func(p string) bool { return strings.HasPrefix(name, p) }):
			wrong = append(wrong, name+" is not in the reference")
		}
	}
	return wrong
}

func mismatches(f families.Family, shown scrape.Snapshot) []string {
	if kind := shown.Type(f.Name); kind != string(f.Type) {
		return []string{fmt.Sprintf("%s is a %s, not a %s", f.Name, kind, f.Type)}
	}
	want := slices.Sorted(slices.Values(f.Labels))
	var wrong []string
	for _, labels := range shown.Shapes(f.Name) {
		if !slices.Equal(labels, want) {
			wrong = append(wrong, fmt.Sprintf("%s has a series with labels %q, not %q", f.Name, labels, want))
		}
	}
	return wrong
}

// Missing lists the metrics that a leader with default settings always shows, by the
// reference, and that are not shown.
func (b Binary) Missing(shown scrape.Snapshot) []string {
	var wrong []string
	for _, f := range b.Metrics {
		if f.Always && (f.Needs == "" || f.Needs == families.NeedsState) && shown.Type(f.Name) == "" {
			wrong = append(wrong, f.Name+" is not shown")
		}
	}
	return wrong
}

// UndocumentedEvents lists the events of Karpenter that the reference does not have, by
// reason, type and kind of object, each once.
func (b Binary) UndocumentedEvents(published []corev1.Event) []string {
	var wrong []string
	for i := range published {
		e := &published[i]
		if e.Source.Component != events.Source || slices.ContainsFunc(b.Events, func(k events.Kind) bool { return tells(k, e) }) {
			continue
		}
		text := fmt.Sprintf("%s event %s of a %s", e.Type, e.Reason, e.InvolvedObject.Kind)
		if !slices.Contains(wrong, text) {
			wrong = append(wrong, text)
		}
	}
	return wrong
}

// tells holds if an event is of a kind. What is named after a condition may have any
// reason; changes of a condition begin with its type.
func tells(k events.Kind, e *corev1.Event) bool {
	about := e.InvolvedObject.Kind
	if strings.HasSuffix(about, "NodeClass") {
		about = "NodeClass"
	}
	if e.Type != k.Type || !slices.Contains(k.Objects, about) {
		return false
	}
	if k.Reason == "" {
		return k.Type == events.Warning || strings.HasPrefix(e.Message, e.Reason+": ")
	}
	return k.Reason == e.Reason
}
