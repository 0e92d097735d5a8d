// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNotLocal answers what only an installation on this machine can do.
var ErrNotLocal = errors.New("Karpenter was not started by tools/cluster as a process on this machine")

// Installation is the Karpenter that serves one cluster.
type Installation struct {
	// state is the file that tools/cluster keeps; empty if it made another cluster.
	state string
	// root is the repository's root directory.
	root string
	// metricsURL is used while there is no state.
	metricsURL string
}

// Find returns the installation of the cluster that a kubeconfig leads to.
// metricsURL, the root of its metrics listener, is needed only for one that is
// not local.
func Find(kubeconfig, metricsURL string) (*Installation, error) {
	path, err := filepath.Abs(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("find the installation: %w", err)
	}
	state := filepath.Join(filepath.Dir(path), "state.json")
	if _, err := os.Stat(state); errors.Is(err, fs.ErrNotExist) {
		if metricsURL == "" {
			return nil, fmt.Errorf("find the metrics: %w, and METRICS_URL is not set", ErrNotLocal)
		}
		return &Installation{metricsURL: metricsURL}, nil
	}
	// <root>/bin/clusters/<name>/state.json
	return &Installation{state: state, root: filepath.Join(filepath.Dir(state), "..", "..", "..")}, nil
}

// Local tells whether the installation is a process, which can be stopped and started.
func (i *Installation) Local() bool {
	r, err := i.read()
	return err == nil && r.Runtime != inContainers
}

// MetricsURL is the root of the metrics listener.
func (i *Installation) MetricsURL() (string, error) {
	if i.state == "" {
		return i.metricsURL, nil
	}
	c, err := i.controller()
	return c.MetricsURL, err
}

// PID is the controller's process ID; 0 if it does not run on this machine.
func (i *Installation) PID() int {
	c, err := i.controller()
	if err != nil {
		return 0
	}
	return c.Process.PID
}

// AuditLog is the path of the file with what the controller asked of the API server;
// empty if that is not recorded.
func (i *Installation) AuditLog() string {
	r, err := i.read()
	if err != nil {
		return ""
	}
	return r.AuditLog
}

// LogTail is the end of the controller's log, or why there is none.
func (i *Installation) LogTail(lines int) string {
	content, err := i.log()
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// log is what the controller logged so far.
func (i *Installation) log() ([]byte, error) {
	r, err := i.read()
	if err != nil {
		return nil, err
	}
	if r.Runtime == inContainers {
		cmd := exec.Command("go", "run", "./tools/cluster", "logs", "-name", r.Name) //nolint:noctx // a test that is over asks, too
		cmd.Dir = i.root
		return cmd.Output()
	}
	c, err := i.controller()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(c.Log)
}

// inContainers is the runtime with which the controller is no process of this machine.
const inContainers = "kind"

// record is what the state file says.
type record struct {
	Name       string      `json:"name"`
	Runtime    string      `json:"runtime"`
	AuditLog   string      `json:"auditLog"`
	Controller *controller `json:"controller"`
}

// controller describes Karpenter's process.
type controller struct {
	Process struct {
		PID int `json:"pid"`
	} `json:"process"`
	Env        []string `json:"env"`
	Log        string   `json:"log"`
	MetricsURL string   `json:"metricsURL"`
	ProbeURL   string   `json:"probeURL"`
}

func (i *Installation) read() (record, error) {
	var r record
	if i.state == "" {
		return r, ErrNotLocal
	}
	content, err := os.ReadFile(i.state)
	if err != nil {
		return r, fmt.Errorf("read the state of the cluster: %w", err)
	}
	if err := json.Unmarshal(content, &r); err != nil {
		return r, fmt.Errorf("parse %s: %w", i.state, err)
	}
	return r, nil
}

func (i *Installation) controller() (controller, error) {
	r, err := i.read()
	if err != nil {
		return controller{}, err
	}
	if r.Controller == nil {
		return controller{}, fmt.Errorf("cluster %s runs without Karpenter", r.Name)
	}
	return *r.Controller, nil
}
