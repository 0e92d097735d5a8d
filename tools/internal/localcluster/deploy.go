// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
	if err := await(ctx, readyTimeout, func(ctx context.Context) error { return probe(ctx, state.Controller.ProbeURL+"/readyz") }); err != nil {
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

// LoadImage builds the image of the provider's Karpenter and loads it into the nodes of a
// running cluster of kind. It returns the image's reference, whose tag is of its content.
func LoadImage(ctx context.Context, layout Layout, out io.Writer) (string, error) {
	state, err := Load(layout)
	if err != nil {
		return "", err
	}
	if state == nil || state.Runtime != RuntimeKind {
		return "", fmt.Errorf("cluster %[1]s does not run in kind; start it with: make kind-cluster CLUSTER=%[1]s", layout.Name)
	}
	return loadImage(ctx, layout, state, out)
}

func loadImage(ctx context.Context, layout Layout, state *State, out io.Writer) (string, error) {
	fmt.Fprintf(out, "cluster %s: building the image of Karpenter\n", layout.Name)
	image, err := buildImage(ctx, layout, state, out)
	if err != nil {
		return "", err
	}
	if err := (tools{layout}).run(ctx, "kind", "load", "image-archive", imageArchive(layout), "--name", layout.Name); err != nil {
		return "", fmt.Errorf("load image %s: %w", image, err)
	}
	if err := os.Remove(imageArchive(layout)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("remove what was loaded: %w", err)
	}
	return image, nil
}

func imageArchive(layout Layout) string { return filepath.Join(layout.Dir(), "image.tar") }

// buildImage builds the image that users run, without Docker, for the nodes of this
// machine. Its time is always the same: only what is in it may change its tag.
func buildImage(ctx context.Context, layout Layout, state *State, out io.Writer) (string, error) {
	builder := layout.Program("images-builder")
	if _, err := runGo(ctx, filepath.Join(layout.Root, "tools", "images"), out, "build", "-o", builder, "."); err != nil {
		return "", fmt.Errorf("build what builds images: %w", err)
	}
	p := state.provider()
	pkg, err := runGo(ctx, p.source(layout), out, "list", ".")
	if err != nil {
		return "", fmt.Errorf("find the package of %s: %w", p.controller, err)
	}
	var printed, said bytes.Buffer
	cmd := exec.CommandContext(ctx, builder, "-root", layout.Root, "-out", filepath.Join(layout.Dir(), "images"),
		"-platforms", "linux/"+runtime.GOARCH, "-created", "0",
		"-archive", imageArchive(layout), "-repository", Repository(state.Provider), strings.TrimSpace(pkg))
	cmd.Dir, cmd.Stdout, cmd.Stderr = layout.Root, &printed, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build the image of %s: %w\n%s", p.controller, err, lastLines(said.String(), 15))
	}
	reference := lastLines(printed.String(), 1)
	if !strings.HasPrefix(reference, Repository(state.Provider)+":") {
		return "", fmt.Errorf("build the image of %s: it is called %q", p.controller, reference)
	}
	return reference, nil
}

// runGo runs the go command in the module of a directory, which may not be in the
// workspace, and returns what it printed.
func runGo(ctx context.Context, dir string, out io.Writer, args ...string) (string, error) {
	var printed bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &printed, out
	cmd.Env = append(os.Environ(), "GOWORK=off")
	err := cmd.Run()
	return printed.String(), err
}
