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
	"strconv"
	"strings"
	"syscall"

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
	link := filepath.Join(opts.Dir(), "bin", cloudProgram)
	if err := linkProgram(opts.Program(cloudProgram), link); err != nil {
		return fmt.Errorf("link the simulated cloud into cluster %s: %w", opts.Name, err)
	}
	log, err := os.OpenFile(opts.Log(cloudProgram), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open the simulated cloud's log: %w", err)
	}
	defer log.Close() // the process has its own copy of the descriptor

	dir := filepath.Join(opts.Dir(), "cloud")
	args := append([]string{
		"-cloud", p.cloud, "-cluster", opts.Name, "-dir", dir, "-kubeconfig", opts.Kubeconfig(),
		"-port", strconv.Itoa(state.Ports.Cloud), "-control-port", strconv.Itoa(state.Ports.CloudControl),
	}, opts.CloudArgs...)
	cmd := exec.Command(link, args...) //nolint:noctx // it outlives this program
	cmd.Dir, cmd.Stdout, cmd.Stderr = opts.Dir(), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the simulated cloud: %w", err)
	}
	id, err := process.Of(cmd.Process.Pid)
	if err != nil {
		return fmt.Errorf("start the simulated cloud: %w: it ended at once", err)
	}
	control := "http://" + loopback + ":" + strconv.Itoa(state.Ports.CloudControl)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := awaitProbe(ctx, control+"/v1/state", ended); err != nil {
		return fmt.Errorf("start the simulated cloud: %w\nlast lines of its log:\n%s", err, tail(opts.Log(cloudProgram), 15))
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
