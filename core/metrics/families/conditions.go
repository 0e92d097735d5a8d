// SPDX-License-Identifier: Apache-2.0

package families

import "strings"

// Conditions are the families that tell of the conditions of objects (OPS-150).
type Conditions struct {
	Transition, Transitions, Count, Age, Terminating, Termination Family
}

// Kind is a kind of object whose conditions are shown.
type Kind struct {
	// Name of the kind, in lower case.
	Name string
	// Labels are the keys of object labels that the series carry too (OPS-151).
	Labels []string
	// NodeClass says that the kind is a provider's.
	NodeClass bool
	// Gate is the feature gate without which the kind is not shown; empty for none.
	Gate string
}

// Conditions are the families of the kind.
func (k Kind) Conditions() Conditions {
	labels, buckets := make([]string, len(k.Labels)), transitions()
	for i, key := range k.Labels {
		labels[i] = strings.NewReplacer("/", "_", ".", "_", "-", "_").Replace(key)
	}
	if k.NodeClass {
		buckets = Calls()
	}
	needs := NeedsState
	if k.Gate != "" {
		needs = "--feature-gates=" + k.Gate + "=true"
	}
	return conditions("operator_"+k.Name, labels, Family{Stage: Stable, Needs: needs, Buckets: buckets})
}

// Twins are the older names of the families of conditions, which several kinds share
// (OPS-154).
func Twins() Conditions {
	return conditions("operator", []string{"group", "kind"}, Family{Stage: Deprecated, Needs: NeedsCompatibility, Buckets: Calls()})
}

// conditions have a prefix, further labels, and the rest of a model.
func conditions(prefix string, further []string, model Family) Conditions {
	of := func(kind Type, name, help string, labels ...string) Family {
		f := model
		f.Name, f.Type, f.Help, f.Labels = prefix+name, kind, help, append(labels, further...)
		if kind != Histogram {
			f.Buckets = nil
		}
		return f
	}
	return Conditions{
		Transition: of(Histogram, "_status_condition_transition_seconds",
			"How long a condition had a status before it came to have another.", "type", "status", "to_status"),
		Transitions: of(Counter, "_status_condition_transitions_total",
			"Changes of the status of a condition, and first sightings, by the status and reason that it came to have.", "type", "status", "reason"),
		Count: of(Gauge, "_status_condition_count",
			"1 for every condition of every object, by its status and reason.", "namespace", "name", "type", "status", "reason"),
		Age: of(Gauge, "_status_condition_current_status_seconds",
			"How long a condition has had its status.", "namespace", "name", "type", "status", "reason"),
		Terminating: of(Gauge, "_termination_current_time_seconds",
			"Time since the deletion of an object that is still there.", "namespace", "name"),
		Termination: of(Histogram, "_termination_duration_seconds", "Time from the deletion of an object until it is gone."),
	}
}

// List is all of them.
func (c Conditions) List() []Family {
	return []Family{c.Transition, c.Transitions, c.Count, c.Age, c.Terminating, c.Termination}
}
