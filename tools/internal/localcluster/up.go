// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"karpenter.sh/tools/internal/flock"
	"karpenter.sh/tools/internal/process"
)

// How long each step may take on a slow and busy machine.
const (
	startTimeout = 3 * time.Minute
	kindTimeout  = 10 * time.Minute
	readyTimeout = time.Minute
)

// attempts at creating a cluster: another program may take a port between its
// choice and its use.
const attempts = 2

// UpOptions say what Up should bring about.
type UpOptions struct {
	Layout
	// Runtime is RuntimeBinary or RuntimeKind.
	Runtime string
	// Provider is one of [ProviderNames]; empty means ProviderKwok, and for Restart
	// the one that is there.
	Provider string
	// Kubernetes is the version of the cluster, such as 1.36.1, with RuntimeKind; empty for
	// that of kind.
	Kubernetes string
	// Bare leaves Karpenter out: somebody else installs it.
	Bare bool
	// Audit records what Karpenter asks of the API server.
	Audit bool
	// CloudArgs are for the simulated cloud, or the program whose hosts are Machines, if the
	// provider has one.
	CloudArgs []string
	// Args and Env are for the controller, besides what it always gets. Env
	// entries have the form NAME=value.
	Args, Env []string
	// Out receives progress.
	Out io.Writer
}

// Up makes the cluster exist and work, with the current CRDs and a current
// controller, and returns its state. A cluster that works is kept; only its
// controller is replaced if it is dead or out of date.
func Up(ctx context.Context, opts UpOptions) (*State, error) {
	opts.Provider = cmp.Or(opts.Provider, ProviderKwok)
	if err := opts.acceptable(opts.Runtime); err != nil {
		return nil, err
	}
	if err := Check(ctx, opts.Layout, opts.wish()); err != nil {
		return nil, err
	}
	release, err := flock.Acquire(opts.lock(), opts.Out)
	if err != nil {
		return nil, err
	}
	state, err := up(ctx, opts)
	return state, errors.Join(err, release())
}

func (o UpOptions) wish() ClusterWish {
	return ClusterWish{Runtime: o.Runtime, Provider: o.Provider, Kubernetes: o.Kubernetes, Audit: o.Audit}
}

func up(ctx context.Context, opts UpOptions) (*State, error) {
	found, err := Observe(ctx, opts.Layout)
	if err != nil {
		return nil, err
	}
	decision, state := Decide(found, opts.wish()), found.State
	if decision.Remove {
		fmt.Fprintf(opts.Out, "cluster %s: replaced, because %s\n", opts.Name, decision.Reason)
		if err := remove(ctx, opts.Layout); err != nil {
			return nil, err
		}
	}
	if decision.Create {
		if state, err = createWithRetry(ctx, opts); err != nil {
			return nil, err
		}
	}
	if state.Runtime == RuntimeKind {
		return state, installCharts(ctx, opts, state)
	}
	if opts.Bare {
		return state, nil
	}
	if err := applyCRDs(ctx, opts, state.provider()); err != nil {
		return nil, err
	}
	if err := grantAccess(ctx, opts, state.provider()); err != nil {
		return nil, err
	}
	return state, ensureController(ctx, opts, state)
}

// Observe looks at what there is of a cluster.
func Observe(ctx context.Context, layout Layout) (Observation, error) {
	if _, err := os.Stat(layout.Dir()); errors.Is(err, fs.ErrNotExist) {
		return Observation{}, nil
	}
	state, err := Load(layout)
	if err != nil {
		return Observation{}, err
	}
	found := Observation{Exists: true, State: state}
	if state == nil {
		return found, nil
	}
	for name, id := range state.Components {
		if !id.Alive() {
			found.Dead = append(found.Dead, name)
		}
	}
	if state.Cloud != nil && !state.Cloud.Process.Alive() {
		found.Dead = append(found.Dead, cloudProgram)
	}
	if state.provider().cloud != "" && state.Cloud == nil {
		return Observation{Exists: true}, nil // it was being made
	}
	if _, runs := state.Components[Machines]; state.provider().machines && !runs {
		return Observation{Exists: true}, nil // likewise
	}
	if len(found.Dead) == 0 {
		found.Serving = tools{layout}.serving(ctx) == nil
	}
	return found, nil
}

func createWithRetry(ctx context.Context, opts UpOptions) (state *State, err error) {
	for attempt := 1; ; attempt++ {
		state, err = create(ctx, opts)
		if err == nil || attempt == attempts || ctx.Err() != nil {
			return state, err
		}
		fmt.Fprintf(opts.Out, "cluster %s: %v\ncluster %s: trying once more, on other ports\n", opts.Name, err, opts.Name)
		if err := remove(ctx, opts.Layout); err != nil {
			return nil, err
		}
	}
}

// create starts the components and puts the cluster on record.
func create(ctx context.Context, opts UpOptions) (*State, error) {
	start := time.Now()
	ports, err := PickPorts(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), func(port int) bool { return portFree(ctx, port) })
	if err != nil {
		return nil, err
	}
	if err := writeInput(opts, ports); err != nil {
		return nil, err
	}
	fmt.Fprintf(opts.Out, "cluster %s: starting the control plane (%s)\n", opts.Name, opts.Runtime)
	components, err := startComponents(ctx, opts, ports)
	if err != nil {
		return nil, err
	}
	state := &State{Name: opts.Name, Runtime: opts.Runtime, Kubernetes: opts.Kubernetes, Provider: opts.Provider, Kubeconfig: opts.Kubeconfig(), Ports: ports, Components: components}
	if opts.Audit {
		state.AuditLog = opts.AuditLog()
	}
	if err := state.save(opts.Layout); err != nil {
		return nil, err
	}
	if err := startCloud(ctx, opts, state); err != nil {
		return nil, err
	}
	if err := startClusterAPI(ctx, opts, state); err != nil {
		return nil, err
	}
	fmt.Fprintf(opts.Out, "cluster %s: control plane ready in %s\n", opts.Name, time.Since(start).Round(100*time.Millisecond))
	return state, nil
}

// writeInput writes the files that the cluster is made from.
func writeInput(opts UpOptions, ports Ports) error {
	wanted := ConfigurationOptions{Layout: opts.Layout, Ports: ports, Audit: opts.Audit}
	files := map[string]func() (string, error){
		"kwokctl.yaml":   func() (string, error) { return Configuration(wanted) },
		"scheduler.json": SchedulerConfiguration,
		auditPolicyFile:  AuditPolicy,
	}
	if opts.Runtime == RuntimeKind {
		files = map[string]func() (string, error){
			kindConfigFile:  func() (string, error) { return KindConfiguration(wanted) },
			"kwok.yaml":     FakeKubelet,
			auditPolicyFile: AuditPolicy,
		}
	}
	if err := os.MkdirAll(opts.input(""), 0o755); err != nil {
		return fmt.Errorf("create the directory of cluster %s: %w", opts.Name, err)
	}
	for name, text := range files {
		content, err := text()
		if err != nil {
			return err
		}
		if err := os.WriteFile(opts.input(name), []byte(content), 0o644); err != nil {
			return fmt.Errorf("configure cluster %s: %w", opts.Name, err)
		}
	}
	return nil
}

// startComponents starts the control plane and the fake kubelet, and waits until pods can
// be created.
func startComponents(ctx context.Context, opts UpOptions, ports Ports) (map[string]process.Identity, error) {
	if opts.Runtime == RuntimeKind {
		ctx, cancel := context.WithTimeout(ctx, kindTimeout)
		defer cancel()
		return startKind(ctx, opts, ports)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	t := tools{opts.Layout}
	if err := t.run(ctx, "kwokctl", "create", "cluster", "--name", opts.Name,
		"--config", opts.input("kwokctl.yaml"), "--kubeconfig", opts.Kubeconfig()); err != nil {
		return nil, fmt.Errorf("create cluster %s: %w", opts.Name, err)
	}
	if err := await(ctx, t.podsWelcome); err != nil {
		return nil, fmt.Errorf("wait for cluster %s: %w\nlast lines of the API server's log:\n%s", opts.Name, err, tail(opts.Log("kube-apiserver"), 10))
	}
	return allComponents(opts.Layout)
}

// allComponents returns the processes that kwokctl started, and fails if one
// has ended already: kwokctl does not look.
func allComponents(layout Layout) (map[string]process.Identity, error) {
	found, err := process.Under(layout.Dir())
	if err != nil {
		return nil, err
	}
	components := map[string]process.Identity{}
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller"} {
		if len(found[name]) == 0 {
			return nil, fmt.Errorf("%s of cluster %s has ended; last lines of its log:\n%s", name, layout.Name, tail(layout.Log(name), 10))
		}
		components[name] = found[name][0]
	}
	return components, nil
}

// serving fails while the API server is not ready.
func (t tools) serving(ctx context.Context) error {
	return t.run(ctx, "kubectl", "get", "--raw", "/readyz", "--request-timeout", "5s")
}

// podsWelcome fails until the controller manager has made the service account
// without which no pod is admitted: then every component has done some work.
func (t tools) podsWelcome(ctx context.Context) error {
	return t.run(ctx, "kubectl", "get", "serviceaccount", "default", "--namespace", "default", "--request-timeout", "5s")
}
