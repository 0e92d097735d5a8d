// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"karpenter.sh/tools/internal/flock"
	"karpenter.sh/tools/internal/process"
)

// Restart replaces the controller of a running cluster, with new arguments and
// environment.
func Restart(ctx context.Context, opts UpOptions) (*State, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	release, err := flock.Acquire(opts.lock(), opts.Out)
	if err != nil {
		return nil, err
	}
	state, err := restart(ctx, opts)
	return state, errors.Join(err, release())
}

func restart(ctx context.Context, opts UpOptions) (*State, error) {
	state, err := Load(opts.Layout)
	if err != nil {
		return nil, err
	}
	if state == nil {
		return nil, fmt.Errorf("cluster %s does not run", opts.Name)
	}
	if err := opts.acceptable(state.Runtime); err != nil {
		return nil, err
	}
	if state.Runtime == RuntimeKind {
		return state, installCharts(ctx, opts, state)
	}
	if err := stopController(ctx, opts.Layout, state); err != nil {
		return nil, err
	}
	return state, ensureController(ctx, opts, state)
}

// acceptable refuses arguments where Karpenter is a Deployment.
func (o UpOptions) acceptable(runtime string) error {
	if runtime == RuntimeKind && len(o.Args) > 0 {
		return fmt.Errorf("arguments %q: with runtime %s Karpenter takes variables only (-env)", o.Args, RuntimeKind)
	}
	return nil
}

// installCharts gives the chart its values, and installs it.
func installCharts(ctx context.Context, opts UpOptions, state *State) error {
	if err := furnish(ctx, opts, state); err != nil {
		return err
	}
	if opts.Bare {
		return nil
	}
	return deploy(ctx, opts, state)
}

// ensureController builds the controller and makes sure that this build of it
// runs. Without its source the cluster stays without Karpenter.
func ensureController(ctx context.Context, opts UpOptions, state *State) error {
	source := state.provider().source(opts.Layout)
	if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(opts.Out, "cluster %s: %s does not exist, so Karpenter does not run in it\n", opts.Name, relative(opts.Root, source))
		return nil
	}
	fmt.Fprintf(opts.Out, "cluster %s: building Karpenter\n", opts.Name)
	if err := buildController(ctx, opts, state.provider()); err != nil {
		return err
	}
	want, err := controllerWish(opts, state)
	if err != nil {
		return err
	}
	alive := state.Controller != nil && state.Controller.Process.Alive()
	reason := RestartReason(state.Controller, alive, want)
	if reason == "" {
		return nil
	}
	if alive {
		fmt.Fprintf(opts.Out, "cluster %s: the controller is restarted, because %s\n", opts.Name, reason)
		if err := stopController(ctx, opts.Layout, state); err != nil {
			return err
		}
	}
	return startController(ctx, opts, state, want)
}

func buildController(ctx context.Context, opts UpOptions, p provider) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", p.program(opts.Layout), p.source(opts.Layout))
	cmd.Dir, cmd.Stdout, cmd.Stderr = opts.Root, opts.Out, opts.Out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w", relative(opts.Root, p.source(opts.Layout)), err)
	}
	return nil
}

// controllerWish returns how the controller is to run. What the caller gives
// comes last and so wins.
func controllerWish(opts UpOptions, state *State) (ControllerWish, error) {
	p := state.provider()
	hash, err := hashFile(p.program(opts.Layout))
	if err != nil {
		return ControllerWish{}, err
	}
	command := append([]string{
		p.link(opts.Layout),
		"--metrics-port=" + strconv.Itoa(state.Ports.Metrics),
		"--health-probe-port=" + strconv.Itoa(state.Ports.Probe),
		"--disable-leader-election=false",
		"--leader-election-namespace=kube-system",
	}, opts.Args...)
	own := p.settings(state.Name)
	if state.Cloud != nil {
		own = slices.Concat(state.Cloud.Env, own)
	}
	env := ControllerEnv(opts.Layout, os.LookupEnv, slices.Concat(own, opts.Env))
	return ControllerWish{Binary: hash, Command: command, Env: env}, nil
}

// ControllerEnv returns the controller's variables: the cluster it serves,
// defaults for development unless the caller's environment says otherwise
// (every alpha feature on, profiles served), and extra, which wins.
func ControllerEnv(layout Layout, lookup func(string) (string, bool), extra []string) []string {
	return slices.Concat([]string{"KUBECONFIG=" + layout.ControllerKubeconfig()}, developmentEnv(lookup), extra)
}

// developmentEnv are the variables that differ from those of an installation.
func developmentEnv(lookup func(string) (string, bool)) []string {
	env := []string{
		"FEATURE_GATES=NodeRepair=true,StaticCapacity=true,CapacityBuffer=true,NodeOverlay=true",
		"ENABLE_PROFILING=true",
		"SYSTEM_NAMESPACE=" + namespace,
	}
	for i, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if value, set := lookup(name); set {
			env[i] = name + "=" + value
		}
	}
	return env
}

// startController starts the process detached from this one and waits until
// its probe answers.
func startController(ctx context.Context, opts UpOptions, state *State, want ControllerWish) error {
	name := state.ControllerName()
	if err := linkProgram(opts.Program(name), state.provider().link(opts.Layout)); err != nil {
		return fmt.Errorf("link the controller into cluster %s: %w", opts.Name, err)
	}
	log, err := os.OpenFile(opts.Log(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open the controller's log: %w", err)
	}
	defer log.Close() // the controller has its own copy of the descriptor

	cmd := exec.Command(want.Command[0], want.Command[1:]...) //nolint:noctx // it outlives this program
	cmd.Dir, cmd.Stdout, cmd.Stderr = opts.Dir(), log, log
	cmd.Env = append(os.Environ(), want.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the controller: %w", err)
	}
	if err := recordController(opts.Layout, state, cmd.Process.Pid, want); err != nil {
		return errors.Join(err, cmd.Process.Kill())
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := awaitProbe(ctx, state.Controller.ProbeURL+"/readyz", ended); err != nil {
		return fmt.Errorf("start the controller: %w\nlast lines of %s:\n%s", err, opts.Log(name), tail(opts.Log(name), 15))
	}
	fmt.Fprintf(opts.Out, "cluster %s: Karpenter runs\n", opts.Name)
	return nil
}

// linkProgram lets a program be started under a path inside the cluster's
// directory, which marks its process as one of this cluster.
func linkProgram(program, link string) error {
	if err := os.Symlink(program, link); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// recordController writes the PID file and the state, so that the process can
// be stopped whatever happens to this one.
func recordController(layout Layout, state *State, pid int, want ControllerWish) error {
	if err := os.WriteFile(layout.PIDFile(state.ControllerName()), []byte(strconv.Itoa(pid)), 0o644); err != nil {
		return fmt.Errorf("write the controller's PID file: %w", err)
	}
	id, err := process.Of(pid)
	if err != nil {
		return fmt.Errorf("start the controller: %w: it ended at once", err)
	}
	url := func(port int) string { return "http://" + loopback + ":" + strconv.Itoa(port) }
	state.Controller = &ControllerState{
		Process: id, Command: want.Command, Env: want.Env, Binary: want.Binary,
		Log: layout.Log(state.ControllerName()), MetricsURL: url(state.Ports.Metrics), ProbeURL: url(state.Ports.Probe),
	}
	return state.save(layout)
}

func stopController(ctx context.Context, layout Layout, state *State) error {
	if state.Controller == nil {
		return nil
	}
	if err := state.Controller.Process.Stop(ctx, controllerGrace); err != nil {
		return fmt.Errorf("stop the controller of cluster %s: %w", layout.Name, err)
	}
	state.Controller = nil
	return state.save(layout)
}

// awaitProbe waits for a 200 answer, or for the process to end.
func awaitProbe(ctx context.Context, url string, ended <-chan error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-ended:
			cancel(fmt.Errorf("it ended: %w", errors.Join(err)))
		case <-ctx.Done():
		}
	}()
	err := await(ctx, func(ctx context.Context) error { return probe(ctx, url) })
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

func probe(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("hash %s: %w", path, err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("hash %s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
