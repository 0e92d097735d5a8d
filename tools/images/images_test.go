// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func example() options {
	return options{platforms: []string{"linux/amd64", "linux/arm64"}, created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), version: "1.2.3"}
}

// OPS-254: without a base image there are certificates, a user and nothing else, for
// each platform, and the same each time.
func TestScratch(t *testing.T) {
	_, base, err := baseOf(t.Context(), example())
	if err != nil {
		t.Fatal(err)
	}
	_, again, err := baseOf(t.Context(), example())
	if err != nil {
		t.Fatal(err)
	}
	if a, b := digest(t, base), digest(t, again); a != b {
		t.Errorf("digests %s and %s of one image", a, b)
	}
	manifest, err := base.(v1.ImageIndex).IndexManifest()
	if err != nil || len(manifest.Manifests) != 2 {
		t.Fatalf("%v, %v", manifest, err)
	}
	for i, platform := range example().platforms {
		if got := manifest.Manifests[i].Platform.String(); got != platform {
			t.Errorf("platform %s, want %s", got, platform)
		}
		image, err := base.(v1.ImageIndex).Image(manifest.Manifests[i].Digest)
		if err != nil {
			t.Fatal(err)
		}
		names, roots := files(t, image)
		if want := []string{"etc", "etc/ssl", "etc/ssl/certs", "tmp", "etc/passwd", "etc/group", certificates}; !slices.Equal(names, want) {
			t.Errorf("%s has %q, want %q", platform, names, want)
		}
		if pool := x509.NewCertPool(); !pool.AppendCertsFromPEM(roots) || bytes.Count(roots, []byte("BEGIN CERTIFICATE")) < 50 {
			t.Errorf("%s: the roots of certificates cannot be read, or are few", platform)
		}
		for block, rest := pem.Decode(roots); block != nil; block, rest = pem.Decode(rest) {
			if _, err := x509.ParseCertificate(block.Bytes); err != nil {
				t.Error(err)
			}
		}
	}
}

// files returns the names of the files of an image of one layer, and the certificates.
func files(t *testing.T, image v1.Image) (names []string, roots []byte) {
	t.Helper()
	content := mutate.Extract(image)
	defer content.Close() //nolint:errcheck // it was only read
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return names, roots
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		if header.Uid != 0 || header.Gid != 0 || header.Mode&0o022 != 0 && header.Name != "tmp" {
			t.Errorf("%s can be written by others", header.Name)
		}
		if header.Name == certificates {
			if roots, err = io.ReadAll(archive); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// An image is built on the one image of a layout, index or not.
func TestBaseFromLayout(t *testing.T) {
	index, err := random.Index(100, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "Base")
	to, err := layout.Write(dir, emptyIndex())
	if err != nil {
		t.Fatal(err)
	}
	if err := to.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	o := example()
	o.base = dir
	reference, base, err := baseOf(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, base) != digest(t, index) || !strings.Contains(reference.Name(), "/base:") {
		t.Errorf("got %s, %s", reference.Name(), digest(t, base))
	}
	image, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := to.AppendImage(image); err != nil {
		t.Fatal(err)
	}
	if _, _, err := baseOf(t.Context(), o); err == nil || !strings.Contains(err.Error(), "2 images") {
		t.Errorf("two images: %v", err)
	}
}

// The layout of an image has it alone, under its tag, also the second time.
func TestWrite(t *testing.T) {
	o := example()
	o.out = t.TempDir()
	image, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := write(o, "karpenter-kwok", image); err != nil {
			t.Fatal(err)
		}
	}
	written, err := layout.ImageIndexFromPath(filepath.Join(o.out, "karpenter-kwok"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := written.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest != digest(t, image) ||
		manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "1.2.3" {
		t.Errorf("%+v, %v", manifest, err)
	}
}

// An archive has the image under a reference that changes with the content, and with it only.
func TestArchive(t *testing.T) {
	o := example()
	o.archive, o.repository = filepath.Join(t.TempDir(), "image.tar"), "karpenter.local/karpenter-kwok"
	image, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := archive(o, image)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(reference)
	if err != nil || !strings.HasPrefix(reference, o.repository+":") {
		t.Fatalf("reference %s: %v", reference, err)
	}
	packed, err := tarball.ImageFromPath(o.archive, &tag)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := packed.ConfigName(); err != nil || got != wanted {
		t.Errorf("packed %s, want %s: %v", got, wanted, err)
	}
	index := mutate.AppendManifests(emptyIndex(), mutate.IndexAddendum{Add: image})
	if again, err := archive(o, index); err != nil || again != reference {
		t.Errorf("the same image, in an index: %s, want %s: %v", again, reference, err)
	}
	two, err := random.Index(100, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := archive(o, two); err == nil || !strings.Contains(err.Error(), "2 images") {
		t.Errorf("two images: %v", err)
	}
	other, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := archive(o, other); err != nil || changed == reference {
		t.Errorf("other content, the same reference %s: %v", changed, err)
	}
}

func TestOptions(t *testing.T) {
	for _, args := range [][]string{
		{}, {"-platforms", "", "p"}, {"-jobs", "0", "p"}, {"-unknown", "p"}, {"-archive", "f", "p"}, {"-repository", "r", "p"},
		{"-archive", "f", "-repository", "r", "p"}, {"-archive", "f", "-repository", "r", "-platforms", "linux/amd64", "p", "q"},
	} {
		if _, err := parse(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	var help bytes.Buffer
	if _, err := parse([]string{"-help"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-platforms") {
		t.Errorf("%v: %s", err, help.String())
	}
	for base, names := range map[string]string{"not a reference": "neither", filepath.Join(t.TempDir(), "UPPER"): "neither"} {
		o := example()
		o.base = base
		if _, _, err := baseOf(t.Context(), o); err == nil || !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v", base, err)
		}
	}
	o := example()
	o.platforms = []string{"linux/amd64/v1/v2/v3"}
	if _, _, err := baseOf(t.Context(), o); err == nil || !strings.Contains(err.Error(), "-platforms linux/amd64/v1/v2/v3") {
		t.Errorf("platform: %v", err)
	}
	if _, err := os.Stat("bin"); err == nil {
		t.Error("something was written")
	}
}

func digest(t *testing.T, of interface{ Digest() (v1.Hash, error) }) v1.Hash {
	t.Helper()
	h, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h
}
