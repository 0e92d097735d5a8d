// SPDX-License-Identifier: Apache-2.0

package binaries

// Program is one executable wanted in the output directory.
type Program struct {
	// Name is the file's name in the output directory.
	Name string
	// Package is what the go command builds, seen from the set's module.
	Package string
	// Built is the file that the go command makes of it; empty: Name.
	Built string
	// Runs lists the names the program answers to, if it is a multi-call
	// binary: each becomes a link to Name. Empty: Name itself.
	Runs []string
}

// Set is a group of programs that come from one module.
type Set struct {
	// Name is what the command line calls the set.
	Name string
	// Module is the directory of the set's go.mod, relative to the root.
	Module string
	// Programs are built in one go, so that they share their dependencies.
	Programs []Program
	// Versions are the variables that the linker sets.
	Versions []Version
}

// Version says that the linker sets Variable to the version of Module.
type Version struct {
	Variable string
	Module   string
	Format   func(version string) string
}

// Sets returns every set there is.
func Sets() []Set {
	return []Set{controlPlane(), clusterAPI(), helm(), lint(), kind(), vulnerabilities()}
}

func controlPlane() Set {
	const kubernetes, kwok = "k8s.io/kubernetes", "sigs.k8s.io/kwok"
	return Set{
		Name:   "control-plane",
		Module: "tools/controlplane",
		Programs: []Program{
			{
				Name: "controlplane", Package: ".",
				Runs: []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"},
			},
			{Name: "kwok", Package: kwok + "/cmd/kwok"},
			{Name: "kwokctl", Package: kwok + "/cmd/kwokctl"},
		},
		Versions: []Version{
			{Variable: "k8s.io/component-base/version.gitVersion", Module: kubernetes, Format: verbatim},
			{Variable: "k8s.io/component-base/version.gitMajor", Module: kubernetes, Format: major},
			{Variable: "k8s.io/component-base/version.gitMinor", Module: kubernetes, Format: minor},
			{Variable: kwok + "/pkg/consts.Version", Module: kwok, Format: verbatim},
		},
	}
}

func clusterAPI() Set {
	const module = "sigs.k8s.io/cluster-api"
	return Set{
		Name:     "cluster-api",
		Module:   "tools/clusterapi",
		Programs: []Program{{Name: "cluster-api", Package: module + "/core", Built: "core"}},
		Versions: []Version{{Variable: module + "/version.gitVersion", Module: module, Format: verbatim}},
	}
}

func helm() Set {
	const module = "helm.sh/helm/v4"
	return Set{
		Name:     "helm",
		Module:   "tools/helm",
		Programs: []Program{{Name: "helm", Package: module + "/cmd/helm"}},
		Versions: []Version{{Variable: module + "/internal/version.version", Module: module, Format: verbatim}},
	}
}

func lint() Set {
	const module = "github.com/golangci/golangci-lint/v2"
	return Set{
		Name:     "lint",
		Module:   "tools/lint",
		Programs: []Program{{Name: "golangci-lint", Package: module + "/cmd/golangci-lint"}},
		Versions: []Version{{Variable: "main.version", Module: module, Format: verbatim}},
	}
}

func kind() Set {
	return Set{
		Name:     "kind",
		Module:   "tools/kind",
		Programs: []Program{{Name: "kind", Package: "sigs.k8s.io/kind"}},
	}
}

func vulnerabilities() Set {
	return Set{
		Name:     "vulnerabilities",
		Module:   "tools/vulnerabilities",
		Programs: []Program{{Name: "govulncheck", Package: "golang.org/x/vuln/cmd/govulncheck"}},
	}
}

// names are the file names under which p is found when it is complete.
func (p Program) names() []string {
	if len(p.Runs) == 0 {
		return []string{p.Name}
	}
	return p.Runs
}
