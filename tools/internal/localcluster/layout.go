// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"fmt"
	"path/filepath"
	"regexp"
)

// nameFormat keeps names valid as directory, context and container names.
var nameFormat = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`)

// Layout says where the files of one cluster are.
type Layout struct {
	// Root is the repository's root directory, an absolute path.
	Root string
	// Name is the cluster's name.
	Name string
}

// Validate rejects names that cannot serve as file names.
func (l Layout) Validate() error {
	if !nameFormat.MatchString(l.Name) {
		return fmt.Errorf("cluster name %q: want 1 to 40 lower-case letters, digits and hyphens, neither first nor last a hyphen", l.Name)
	}
	return nil
}

// Bin is the directory of all built programs. kwokctl takes it as its work
// directory and keeps clusters in "clusters" below it.
func (l Layout) Bin() string { return filepath.Join(l.Root, "bin") }

// Program returns the path of a built program.
func (l Layout) Program(name string) string { return filepath.Join(l.Bin(), name) }

// Dir is the cluster's own directory; all it ever writes is below it.
func (l Layout) Dir() string { return filepath.Join(l.Bin(), "clusters", l.Name) }

// Kubeconfig is the file that clients and tests are given.
func (l Layout) Kubeconfig() string { return filepath.Join(l.Dir(), "kubeconfig") }

// ControllerKubeconfig is the file that Karpenter is given: it may do with it what its
// chart grants.
func (l Layout) ControllerKubeconfig() string {
	return filepath.Join(l.Dir(), "controller.kubeconfig")
}

// AuditLog is what the API server records of Karpenter's requests.
func (l Layout) AuditLog() string { return l.Log("audit") }

func (l Layout) logs() string { return filepath.Join(l.Dir(), "logs") }

// Log is the log file of a component or of the controller.
func (l Layout) Log(process string) string { return filepath.Join(l.logs(), process+".log") }

// PIDFile holds the process ID of a component or of the controller.
func (l Layout) PIDFile(process string) string {
	return filepath.Join(l.Dir(), "pids", process+".pid")
}

func (l Layout) stateFile() string { return filepath.Join(l.Dir(), "state.json") }

func (l Layout) input(name string) string { return filepath.Join(l.Dir(), "input", name) }

// link is the path inside the cluster's directory that a program is started under, which
// marks its process as one of this cluster.
func (l Layout) link(name string) string { return filepath.Join(l.Dir(), "bin", name) }

func (l Layout) cloudDir() string { return filepath.Join(l.Dir(), "cloud") }

func (l Layout) lock() string { return filepath.Join(l.Bin(), ".locks", "cluster-"+l.Name) }
