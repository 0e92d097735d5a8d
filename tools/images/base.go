// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/ko/pkg/build"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// baseOf returns the image to build on, and its name.
func baseOf(ctx context.Context, o options) (name.Reference, build.Result, error) {
	if o.base == "" {
		base, err := scratch(o)
		if err != nil {
			return nil, nil, fmt.Errorf("making the base image: %w", err)
		}
		reference, err := name.NewTag("scratch")
		return reference, base, err
	}
	if _, err := os.Stat(path.Join(o.base, "index.json")); err == nil {
		return fromLayout(o.base)
	}
	reference, err := name.ParseReference(o.base)
	if err != nil {
		return nil, nil, fmt.Errorf("-base %s is neither the directory of an OCI layout nor a reference: %w", o.base, err)
	}
	found, err := remote.Get(reference, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, nil, fmt.Errorf("getting the base image %s: %w; without -base no registry is needed", o.base, err)
	}
	if found.MediaType.IsIndex() {
		index, err := found.ImageIndex()
		return reference, index, err
	}
	image, err := found.Image()
	return reference, image, err
}

// fromLayout returns the one image that an OCI layout has.
func fromLayout(directory string) (name.Reference, build.Result, error) {
	index, err := layout.ImageIndexFromPath(directory)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the base image in %s: %w", directory, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, nil, fmt.Errorf("reading the base image in %s: %w", directory, err)
	}
	if len(manifest.Manifests) != 1 {
		return nil, nil, fmt.Errorf("-base %s: the layout has %d images, want 1", directory, len(manifest.Manifests))
	}
	only := manifest.Manifests[0]
	reference, err := name.NewTag(strings.ToLower(path.Base(path.Clean(directory))))
	if err != nil {
		return nil, nil, fmt.Errorf("-base %s: no image can have the directory's name: %w", directory, err)
	}
	if only.MediaType.IsIndex() {
		inner, err := index.ImageIndex(only.Digest)
		return reference, inner, err
	}
	image, err := index.Image(only.Digest)
	return reference, image, err
}

// scratch is an image for each platform that has the roots of certificates, a
// directory for temporary files and the name of the user.
func scratch(o options) (v1.ImageIndex, error) {
	layer, err := rootFiles(o)
	if err != nil {
		return nil, err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, of := range o.platforms {
		platform, err := v1.ParsePlatform(of)
		if err != nil {
			return nil, fmt.Errorf("-platforms %s: %w", of, err)
		}
		image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
		image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
		image, err = mutate.ConfigFile(image, &v1.ConfigFile{
			OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant,
			Created: v1.Time{Time: o.created},
			Config:  v1.Config{WorkingDir: "/"},
			RootFS:  v1.RootFS{Type: "layers"},
		})
		if err != nil {
			return nil, err
		}
		if image, err = mutate.Append(image, mutate.Addendum{
			Layer: layer, MediaType: types.OCILayer,
			History: v1.History{Created: v1.Time{Time: o.created}, CreatedBy: "images", Comment: "certificates"},
		}); err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}})
	}
	return index, nil
}

const certificates = "etc/ssl/certs/ca-certificates.crt"

func rootFiles(o options) (v1.Layer, error) {
	roots, err := trusted()
	if err != nil {
		return nil, err
	}
	var files bytes.Buffer
	archive := tar.NewWriter(&files)
	for _, f := range []struct {
		name    string
		mode    int64
		content []byte
	}{
		{"etc/", 0o755, nil}, {"etc/ssl/", 0o755, nil}, {"etc/ssl/certs/", 0o755, nil}, {"tmp/", 0o1777, nil},
		{"etc/passwd", 0o644, []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n")},
		{"etc/group", 0o644, []byte("root:x:0:\nnonroot:x:65532:\n")},
		{certificates, 0o644, roots},
	} {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: o.created, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if strings.HasSuffix(f.name, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("writing %s: %w", f.name, err)
		}
		if _, err := archive.Write(f.content); err != nil {
			return nil, fmt.Errorf("writing %s: %w", f.name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}

// trusted are the roots that Mozilla trusts without conditions, as PEM: a file cannot
// say conditions.
func trusted() ([]byte, error) {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	if out.Len() == 0 {
		return nil, errors.New("there are no roots of certificates")
	}
	return out.Bytes(), nil
}

func emptyIndex() v1.ImageIndex { return mutate.IndexMediaType(empty.Index, types.OCIImageIndex) }
