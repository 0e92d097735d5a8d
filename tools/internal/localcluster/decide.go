// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"fmt"
	"slices"
	"strings"
)

// Observation is what Up finds before it does anything.
type Observation struct {
	// Exists: the cluster's directory is there.
	Exists bool
	// State is on record; nil: the cluster was never finished.
	State *State
	// Dead are the recorded components that no longer run.
	Dead []string
	// Serving: the API server answers.
	Serving bool
}

// Decision is what Up does about the cluster.
type Decision struct {
	// Remove what is there first.
	Remove bool
	// Create the cluster.
	Create bool
	// Reason for a removal, for people.
	Reason string
}

// ClusterWish is what the caller wants of the cluster.
type ClusterWish struct {
	Runtime, Provider string
	// Kubernetes is its version, such as 1.36.1; empty for that of the runtime.
	Kubernetes string
	// Audit: the requests of Karpenter are to be recorded.
	Audit bool
}

// Decide keeps a cluster that works and runs as wanted, and replaces any other.
func Decide(o Observation, want ClusterWish) Decision {
	replace := func(reason string) Decision { return Decision{Remove: true, Create: true, Reason: reason} }
	switch {
	case !o.Exists:
		return Decision{Create: true}
	case o.State == nil:
		return replace("an earlier start was not finished")
	case o.State.Runtime != want.Runtime:
		return replace(fmt.Sprintf("it runs with runtime %s", o.State.Runtime))
	case o.State.Provider != want.Provider:
		return replace(fmt.Sprintf("it runs with provider %s", o.State.Provider))
	case o.State.Kubernetes != want.Kubernetes:
		return replace("it runs another version of Kubernetes")
	case want.Audit && o.State.AuditLog == "":
		return replace("it records no requests")
	case len(o.Dead) > 0:
		slices.Sort(o.Dead)
		return replace("no longer running: " + strings.Join(o.Dead, ", "))
	case !o.Serving:
		return replace("its API server does not answer")
	default:
		return Decision{}
	}
}

// ControllerWish is what the caller wants of the controller.
type ControllerWish struct {
	// Binary is a hash of the program as it is now.
	Binary string
	// Command and Env it would be started with.
	Command, Env []string
}

// RestartReason says why the controller that is on record, alive or not, has
// to be started (again); empty means that it may stay.
func RestartReason(have *ControllerState, alive bool, want ControllerWish) string {
	switch {
	case have == nil:
		return "not started yet"
	case !alive:
		return "it has ended"
	case have.Binary != want.Binary:
		return "its program was built anew"
	case !slices.Equal(have.Command, want.Command), !slices.Equal(have.Env, want.Env):
		return "its settings changed"
	default:
		return ""
	}
}
