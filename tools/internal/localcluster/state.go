// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"karpenter.sh/tools/internal/process"
)

// State is what a finished cluster has on record, in state.json.
type State struct {
	Name    string `json:"name"`
	Runtime string `json:"runtime"`
	// Kubernetes is the version that was asked for; empty: that of the runtime.
	Kubernetes string `json:"kubernetes,omitempty"`
	// Provider is whose Karpenter runs in it.
	Provider   string `json:"provider"`
	Kubeconfig string `json:"kubeconfig"`
	// AuditLog is the file with what Karpenter asked of the API server; empty if that
	// is not recorded.
	AuditLog string `json:"auditLog,omitempty"`
	Ports    Ports  `json:"ports"`
	// Components are the processes of the control plane and the fake kubelet, by name;
	// with the kind runtime of the latter only.
	Components map[string]process.Identity `json:"components,omitempty"`
	// Cloud is the simulated cloud; nil for a provider that needs none.
	Cloud *CloudState `json:"cloud,omitempty"`
	// Controller is Karpenter's process; nil while there is none.
	Controller *ControllerState `json:"controller,omitempty"`
}

// ControllerState describes a running controller. With the kind runtime it is a
// Deployment, without process, command and log on this machine.
type ControllerState struct {
	Process process.Identity `json:"process"`
	// Command is the program with its arguments, Env the variables it was
	// given besides those of the caller.
	Command []string `json:"command"`
	Env     []string `json:"env"`
	// Binary is a hash of the program, to notice that it was built anew; with the kind
	// runtime the image.
	Binary string `json:"binary"`
	Log    string `json:"log"`
	// MetricsURL and ProbeURL are the roots of its two listeners.
	MetricsURL string `json:"metricsURL"`
	ProbeURL   string `json:"probeURL"`
}

// Load reads the state of a cluster; nil means that it was never finished.
func Load(layout Layout) (*State, error) {
	content, err := os.ReadFile(layout.stateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // absence is an answer, not a failure
	}
	if err != nil {
		return nil, fmt.Errorf("read the state of cluster %s: %w", layout.Name, err)
	}
	var state State
	if err := json.Unmarshal(content, &state); err != nil {
		return nil, fmt.Errorf("parse %s: %w", layout.stateFile(), err)
	}
	if state.Provider == "" { // written before there was a choice
		state.Provider = ProviderKwok
	}
	if _, known := providers()[state.Provider]; !known {
		return nil, fmt.Errorf("parse %s: provider %q is unknown", layout.stateFile(), state.Provider)
	}
	return &state, nil
}

// ControllerName is the name of Karpenter's program, process and log.
func (s *State) ControllerName() string { return s.provider().controller }

func (s *State) provider() provider { return providers()[s.Provider] }

// save replaces the state file in one step.
func (s *State) save(layout Layout) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write the state of cluster %s: %w", layout.Name, err)
	}
	aside := layout.stateFile() + ".new"
	if err := os.WriteFile(aside, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the state of cluster %s: %w", layout.Name, err)
	}
	if err := os.Rename(aside, layout.stateFile()); err != nil {
		return fmt.Errorf("write the state of cluster %s: %w", layout.Name, err)
	}
	return nil
}
