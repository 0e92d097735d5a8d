// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The ports of Karpenter's container, which are those of its chart.
const (
	metricsPort = 8080
	probePort   = 8081
)

// deployTimeout is how long a release may take to be ready.
const deployTimeout = "3m"

// deploy brings this build of Karpenter into a cluster of kind, by its charts.
func deploy(ctx context.Context, opts UpOptions, state *State) error {
	image, err := loadImage(ctx, opts.Layout, state, opts.Out)
	if err != nil {
		return err
	}
	p, t := state.provider(), tools{opts.Layout}
	chart := filepath.Join(opts.Root, filepath.FromSlash(p.chart))
	install := func(name, chart string, args ...string) error {
		// Tilt may have made the same objects, which are then the release's.
		return t.run(ctx, "helm", slices.Concat([]string{
			"upgrade", "--install", name, chart, "--namespace", namespace, "--take-ownership", "--force-conflicts",
		}, args)...)
	}
	if err := install(release+"-crd", chart+"-crd"); err != nil {
		return fmt.Errorf("install the CRDs: %w", err)
	}
	_, tag, _ := strings.Cut(image, ":")
	if err := install(release, chart, "--skip-crds",
		"--values", opts.ChartValues(), "--set", "controller.image.tag="+tag, "--wait", "--timeout", deployTimeout); err != nil {
		return errors.Join(fmt.Errorf("install Karpenter: %w", err), t.whyNotReady(ctx))
	}
	url := func(port int) string { return fmt.Sprintf("http://%s:%d", loopback, port) }
	state.Controller = &ControllerState{
		Binary: image, Env: opts.Env, MetricsURL: url(state.Ports.Metrics), ProbeURL: url(state.Ports.Probe),
	}
	if err := state.save(opts.Layout); err != nil {
		return err
	}
	if err := await(ctx, func(ctx context.Context) error { return probe(ctx, state.Controller.ProbeURL+"/readyz") }); err != nil {
		return fmt.Errorf("reach Karpenter from this machine: %w", err)
	}
	fmt.Fprintf(opts.Out, "cluster %s: Karpenter runs\n", opts.Name)
	return nil
}

// whyNotReady is the end of what Karpenter's pods say.
func (t tools) whyNotReady(ctx context.Context) error {
	said, err := t.output(ctx, "kubectl", "logs", "--namespace", namespace, "--selector", "app.kubernetes.io/instance="+release, "--tail", "15")
	if err != nil {
		return err
	}
	return fmt.Errorf("last lines of its log:\n%s", said)
}

// PodLogs prints what Karpenter's pods in a cluster of kind logged; with follow, until the
// context ends.
func PodLogs(ctx context.Context, layout Layout, follow bool, out io.Writer) error {
	args := []string{"logs", "--namespace", namespace, "--selector", "app.kubernetes.io/instance=" + release, "--tail", "-1"}
	if follow {
		args = append(args, "--follow")
	}
	t := tools{layout}
	cmd := exec.CommandContext(ctx, layout.Program("kubectl"), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = t.env(), out, out
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("read the log of Karpenter: %w", err)
	}
	return nil
}
