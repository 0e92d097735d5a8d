// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/ko/pkg/build"
)

// nobody is the user of the images, unless whoever runs them says otherwise.
const nobody = "65532:65532"

// newBuilder returns what builds images as the options say. The bills of materials
// go to the directory sbom of the output.
func newBuilder(ctx context.Context, o options) (build.Interface, error) {
	reference, base, err := baseOf(ctx, o)
	if err != nil {
		return nil, err
	}
	sboms := filepath.Join(o.out, "sbom")
	if err := os.MkdirAll(sboms, 0o755); err != nil {
		return nil, fmt.Errorf("making the directory of the bills of materials: %w", err)
	}
	created := v1.Time{Time: o.created}
	b, err := build.NewGo(ctx, o.root,
		build.WithBaseImages(func(context.Context, string) (name.Reference, build.Result, error) { return reference, base, nil }),
		build.WithPlatforms(o.platforms...),
		build.WithCreationTime(created), build.WithKoDataCreationTime(created),
		build.WithTrimpath(true),
		build.WithDefaultEnv([]string{"CGO_ENABLED=0"}),
		build.WithLdflags([]string{"-s", "-w", "-X", "main.version=" + o.version}),
		build.WithUser(nobody),
		build.WithSPDX(versionOf("github.com/google/ko")), build.WithSBOMDir(sboms),
		build.WithJobs(o.jobs),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing the build: %w", err)
	}
	return b, nil
}

// versionOf is the version of a module that this program is built with.
func versionOf(module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == module {
				return m.Version
			}
		}
	}
	return "unknown"
}

// write puts an image into the layout of its name, instead of what was there.
func write(o options, of string, image build.Result) (string, error) {
	where := filepath.Join(o.out, of)
	if err := os.RemoveAll(where); err != nil {
		return "", fmt.Errorf("removing the former layout: %w", err)
	}
	tag := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tagOf(o.version)})
	to, err := layout.Write(where, emptyIndex())
	if err != nil {
		return "", err
	}
	switch image := image.(type) {
	case v1.ImageIndex:
		return where, to.AppendIndex(image, tag)
	case v1.Image:
		return where, to.AppendImage(image, tag)
	}
	return "", fmt.Errorf("a build gave %T, which is no image", image)
}

// tagOf is the tag of a version.
func tagOf(version string) string {
	if version == "" {
		return "latest"
	}
	return version
}
