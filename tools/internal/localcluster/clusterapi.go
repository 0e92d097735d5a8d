// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// clusterAPI is the name of the program, the log and the process of Cluster API's own
	// controllers, which deal with Clusters, MachineDeployments and Machines.
	clusterAPI = "cluster-api"
	// Machines is that of the program whose hosts are Machines.
	Machines = "machines"
)

// startClusterAPI starts Cluster API in the cluster and the program whose hosts are its
// Machines, if the provider wants them, and waits until there are MachineDeployments.
func startClusterAPI(ctx context.Context, opts UpOptions, state *State) error {
	if !state.provider().machines {
		return nil
	}
	start := time.Now()
	if err := startManagement(ctx, opts, state); err != nil {
		return err
	}
	if err := startMachines(ctx, opts, state); err != nil {
		return err
	}
	fmt.Fprintf(opts.Out, "cluster %s: Cluster API runs after %s\n", opts.Name, time.Since(start).Round(100*time.Millisecond))
	return state.save(opts.Layout)
}

// startManagement brings Cluster API's definitions, controllers and webhooks, in this
// order: a webhook that is on record must answer.
func startManagement(ctx context.Context, opts UpOptions, state *State) error {
	module, err := clusterAPIModule(ctx, opts.Layout)
	if err != nil {
		return err
	}
	dir := filepath.Join(opts.Dir(), clusterAPI)
	authority, err := writeCertificate(dir, time.Now())
	if err != nil {
		return err
	}
	objects, err := ClusterAPIObjects(os.DirFS(module), Webhooks{URL: fmt.Sprintf("https://%s:%d", loopback, state.Ports.ClusterAPI), Authority: authority})
	if err != nil {
		return err
	}
	if err := applyClusterAPI(ctx, opts, "definitions", objects.Definitions); err != nil {
		return err
	}
	t := tools{opts.Layout}
	if err := t.run(ctx, "kubectl", "wait", "--for=condition=Established", "--timeout=60s", "--filename", clusterAPIFile(opts.Layout, "definitions")); err != nil {
		return fmt.Errorf("wait for the definitions of Cluster API: %w", err)
	}
	id, err := background{
		name: clusterAPI, program: opts.Program(clusterAPI), probe: fmt.Sprintf("http://%s:%d/readyz", loopback, state.Ports.ClusterAPIProbe),
		args: []string{
			"--kubeconfig", opts.Kubeconfig(),
			"--webhook-cert-dir", dir, "--webhook-port", strconv.Itoa(state.Ports.ClusterAPI),
			"--health-addr", fmt.Sprintf("%s:%d", loopback, state.Ports.ClusterAPIProbe),
			"--diagnostics-address", "0", // nobody reads its metrics
			// The definitions are of one version, and the control plane has none to compare.
			"--skip-crd-migration-phases", "StorageVersionMigration,CleanupManagedFields",
			"--machineset-preflight-checks", "",
		},
	}.start(ctx, opts)
	if err != nil {
		return err
	}
	state.Components[clusterAPI] = id
	return applyClusterAPI(ctx, opts, "webhooks", objects.Webhooks)
}

// startMachines builds and starts the program whose hosts are Machines.
func startMachines(ctx context.Context, opts UpOptions, state *State) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", opts.Program(Machines), "./cmd/"+Machines)
	build.Dir, build.Stdout, build.Stderr = filepath.Join(opts.Root, "test"), opts.Out, opts.Out
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the program whose hosts are Machines: %w", err)
	}
	definitions := filepath.Join(opts.Root, "test", Machines, "crds")
	for _, args := range [][]string{{"apply", "--server-side"}, {"wait", "--for=condition=Established", "--timeout=60s"}} {
		if err := (tools{opts.Layout}).run(ctx, "kubectl", append(args, "--filename", definitions)...); err != nil {
			return fmt.Errorf("apply the definitions of hosts: %w", err)
		}
	}
	probe := fmt.Sprintf("%s:%d", loopback, state.Ports.Machines)
	id, err := background{
		name: Machines, program: opts.Program(Machines), probe: "http://" + probe + "/readyz",
		args: slices.Concat([]string{"-kubeconfig", opts.Kubeconfig(), "-cluster", opts.Name, "-probe", probe, "-fleet"}, opts.CloudArgs),
	}.start(ctx, opts)
	if err != nil {
		return err
	}
	state.Components[Machines] = id
	return nil
}

// clusterAPIModule is where the Go module of Cluster API is, of the version that was built.
func clusterAPIModule(ctx context.Context, layout Layout) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/cluster-api")
	cmd.Dir, cmd.Env = filepath.Join(layout.Root, "tools", "clusterapi"), append(os.Environ(), "GOWORK=off")
	dir, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find the module of Cluster API: %w", err)
	}
	return strings.TrimSpace(string(dir)), nil
}

func clusterAPIFile(layout Layout, name string) string {
	return layout.input(clusterAPI + "-" + name + ".json")
}

func applyClusterAPI(ctx context.Context, opts UpOptions, name string, list []byte) error {
	file := clusterAPIFile(opts.Layout, name)
	if err := os.WriteFile(file, list, 0o644); err != nil {
		return fmt.Errorf("write the %s of Cluster API: %w", name, err)
	}
	if err := (tools{opts.Layout}).run(ctx, "kubectl", "apply", "--server-side", "--force-conflicts", "--filename", file); err != nil {
		return fmt.Errorf("apply the %s of Cluster API: %w", name, err)
	}
	return nil
}
