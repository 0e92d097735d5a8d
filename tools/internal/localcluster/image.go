// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

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
	if err := dropImages(ctx, layout, state.Provider); err != nil { // which costs room only
		fmt.Fprintf(out, "cluster %s: %v\n", layout.Name, err)
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

// dropImages removes from the node of kind the images of Karpenter that no pod needs. The
// kubelet of kind never does, and one is loaded for each change.
func dropImages(ctx context.Context, layout Layout, provider string) error {
	running, err := (tools{layout}).output(ctx, "kubectl", "get", "deployment", release, "--namespace", namespace, "--ignore-not-found",
		"--output", "jsonpath={.spec.template.spec.containers[0].image}")
	if err != nil {
		return fmt.Errorf("look at the image that runs: %w", err)
	}
	node := layout.Name + "-control-plane"
	text, err := docker(ctx, "exec", node, "crictl", "images", "--output", "json")
	if err != nil {
		return fmt.Errorf("look at the images of %s: %w", node, err)
	}
	var found struct {
		Images []struct {
			RepoTags []string `json:"repoTags"`
		} `json:"images"`
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return fmt.Errorf("look at the images of %s: %w", node, err)
	}
	var tags []string
	for _, image := range found.Images {
		tags = append(tags, image.RepoTags...)
	}
	outdated := Outdated(tags, Repository(provider), string(running))
	if len(outdated) == 0 {
		return nil
	}
	if _, err := docker(ctx, append([]string{"exec", node, "crictl", "rmi"}, outdated...)...); err != nil {
		return fmt.Errorf("remove images that nobody needs: %w", err)
	}
	return nil
}

// Outdated picks the images of a repository but the one that runs, in their order.
func Outdated(images []string, repository, running string) []string {
	var outdated []string
	for _, image := range images {
		if strings.HasPrefix(image, repository+":") && image != running {
			outdated = append(outdated, image)
		}
	}
	return outdated
}
