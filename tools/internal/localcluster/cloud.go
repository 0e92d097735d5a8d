// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/tools/internal/process"
)

// cloudProgram is the name of the program that simulates clouds, of its log and of
// its process.
const cloudProgram = "cloudsim"

// CloudState describes a running simulated cloud.
type CloudState struct {
	Process process.Identity `json:"process"`
	// ControlURL is the root of its control API.
	ControlURL string `json:"controlURL"`
	// Env points the cloud's SDK at it.
	Env []string `json:"env"`
}

// startCloud builds and starts the simulated cloud of the provider, if it has one,
// and waits until it serves. The machines of the account join the cluster, so it
// starts with the cluster and ends with it.
func startCloud(ctx context.Context, opts UpOptions, state *State) error {
	p := providers()[state.Provider]
	if p.cloud == "" {
		return nil
	}
	fmt.Fprintf(opts.Out, "cluster %s: building the simulated cloud\n", opts.Name)
	source := filepath.Join(opts.Root, "test", "cloudsim")
	build := exec.CommandContext(ctx, "go", "build", "-o", opts.Program(cloudProgram), "./cmd/"+cloudProgram)
	build.Dir, build.Stdout, build.Stderr = source, opts.Out, opts.Out
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the simulated cloud: %w", err)
	}
	network, err := cloudNetwork(ctx, opts.Runtime)
	if err != nil {
		return err
	}
	dir, control := opts.cloudDir(), "http://"+loopback+":"+strconv.Itoa(state.Ports.CloudControl)
	id, err := background{
		name: cloudProgram, program: opts.Program(cloudProgram), probe: control + "/v1/state",
		args: slices.Concat([]string{
			"-cloud", p.cloud, "-cluster", opts.Name, "-dir", dir, "-kubeconfig", opts.Kubeconfig(),
			"-port", strconv.Itoa(state.Ports.Cloud), "-control-port", strconv.Itoa(state.Ports.CloudControl),
		}, network.args(), opts.CloudArgs),
	}.start(ctx, opts)
	if err != nil {
		return err
	}
	env, err := readEnv(filepath.Join(dir, "env"))
	if err != nil {
		return err
	}
	state.Cloud = &CloudState{Process: id, ControlURL: control, Env: env}
	fmt.Fprintf(opts.Out, "cluster %s: the simulated cloud serves\n", opts.Name)
	return state.save(opts.Layout)
}

// readEnv reads lines of the form export NAME='value'.
func readEnv(path string) ([]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the environment of the simulated cloud: %w", err)
	}
	var env []string
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		name, value, found := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if found {
			env = append(env, name+"="+strings.Trim(value, "'"))
		}
	}
	return env, nil
}
