// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/ko/pkg/build"
)

// tagDigits are enough of a digest to tell the builds on one machine apart.
const tagDigits = 12

// archive writes a file that container runtimes load images from, and returns the
// reference that the image then has. The tag is of its content: what uses the reference
// notices each change, and nothing else.
func archive(o options, image build.Result) (string, error) {
	only, err := single(image)
	if err != nil {
		return "", err
	}
	digest, err := only.Digest()
	if err != nil {
		return "", fmt.Errorf("digest of the image: %w", err)
	}
	tag, err := name.NewTag(o.repository + ":" + digest.Hex[:tagDigits])
	if err != nil {
		return "", fmt.Errorf("-repository %s: %w", o.repository, err)
	}
	if err := tarball.WriteToFile(o.archive, tag, only); err != nil {
		return "", fmt.Errorf("writing %s: %w", o.archive, err)
	}
	return tag.String(), nil
}

// single is the image of the one platform that there is.
func single(image build.Result) (v1.Image, error) {
	switch image := image.(type) {
	case v1.Image:
		return image, nil
	case v1.ImageIndex:
		manifest, err := image.IndexManifest()
		if err != nil {
			return nil, fmt.Errorf("reading the index: %w", err)
		}
		if len(manifest.Manifests) != 1 {
			return nil, fmt.Errorf("the build gave %d images, want 1", len(manifest.Manifests))
		}
		return image.Image(manifest.Manifests[0].Digest)
	}
	return nil, errors.New("the build gave no image")
}
