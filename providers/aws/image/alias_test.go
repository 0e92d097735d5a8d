// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"karpenter.sh/providers/aws/image"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

// publish holds an image for each parameter. Its name is what is given, its
// architecture is told by the path.
func publish(parameters map[string]string) func(*cloudaws.Setup) {
	return func(s *cloudaws.Setup) {
		s.Parameters, s.Images = map[string]string{}, nil
		for path, name := range parameters {
			id := "ami-" + strings.ReplaceAll(name, " ", "")
			s.Parameters[path] = id
			arch := "x86_64"
			if strings.Contains(path, "arm64") {
				arch = "arm64"
			}
			s.Images = append(s.Images, cloudaws.Image{ID: id, Name: name, Arch: arch, Owner: "amazon", Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		}
	}
}

// AWS-140, AWS-141: which parameters an alias stands for, and what their images are
// for.
func TestAliases(t *testing.T) {
	t.Parallel()
	const eks, bottle, windows = "/aws/service/eks/optimized-ami/1.32/", "/aws/service/bottlerocket/aws-k8s-1.32", "/aws/service/ami-windows-latest/Windows_Server-"
	for name, test := range map[string]struct {
		alias, kubernetes string
		parameters        map[string]string // name of the image by path
		want              []string
	}{
		"AWS-140 al2023@latest": {alias: "al2023@latest", parameters: map[string]string{
			eks + "amazon-linux-2023/x86_64/standard/recommended/image_id": "a", eks + "amazon-linux-2023/x86_64/nvidia/recommended/image_id": "b",
			eks + "amazon-linux-2023/x86_64/neuron/recommended/image_id": "c", eks + "amazon-linux-2023/arm64/standard/recommended/image_id": "d",
			eks + "amazon-linux-2023/arm64/nvidia/recommended/image_id": "e",
		}, want: []string{
			"a amd64 !gpu-count !accelerator-count", "b amd64 gpu-count", "c amd64 accelerator-count",
			"d arm64 !gpu-count !accelerator-count", "e arm64 gpu-count",
		}},
		"AWS-140 al2023 of a version": {alias: "al2023@v20260101", parameters: map[string]string{
			eks + "amazon-linux-2023/x86_64/standard/amazon-eks-node-al2023-x86_64-standard-1.32-v20260101/image_id": "a",
			eks + "amazon-linux-2023/x86_64/nvidia/amazon-eks-node-al2023-x86_64-nvidia-1.32-v20260101/image_id":     "b",
			eks + "amazon-linux-2023/x86_64/neuron/amazon-eks-node-al2023-x86_64-neuron-1.32-v20260101/image_id":     "c",
			eks + "amazon-linux-2023/arm64/standard/amazon-eks-node-al2023-arm64-standard-1.32-v20260101/image_id":   "d",
			eks + "amazon-linux-2023/arm64/nvidia/amazon-eks-node-al2023-arm64-nvidia-1.32-v20260101/image_id":       "e",
		}, want: []string{
			"a amd64 !gpu-count !accelerator-count", "b amd64 gpu-count", "c amd64 accelerator-count",
			"d arm64 !gpu-count !accelerator-count", "e arm64 gpu-count",
		}},
		"AWS-140 al2@latest": {alias: "al2@latest", parameters: map[string]string{
			eks + "amazon-linux-2/recommended/image_id": "a", eks + "amazon-linux-2-arm64/recommended/image_id": "b",
			eks + "amazon-linux-2-gpu/recommended/image_id": "c",
		}, want: []string{
			"a amd64 !gpu-count !accelerator-count", "b arm64 !gpu-count !accelerator-count", "c amd64 accelerator-count", "c amd64 gpu-count",
		}},
		"AWS-140 al2 of a version": {alias: "al2@v20260101", parameters: map[string]string{
			eks + "amazon-linux-2/amazon-eks-node-1.32-v20260101/image_id":             "a",
			eks + "amazon-linux-2-arm64/amazon-eks-arm64-node-1.32-v20260101/image_id": "b",
			eks + "amazon-linux-2-gpu/amazon-eks-gpu-node-1.32-v20260101/image_id":     "c",
		}, want: []string{
			"a amd64 !gpu-count !accelerator-count", "b arm64 !gpu-count !accelerator-count", "c amd64 accelerator-count", "c amd64 gpu-count",
		}},
		"AWS-140 bottlerocket@latest": {alias: "bottlerocket@latest", parameters: map[string]string{
			bottle + "/x86_64/latest/image_id": "a", bottle + "/arm64/latest/image_id": "b",
			bottle + "-nvidia/x86_64/latest/image_id": "c", bottle + "-nvidia/arm64/latest/image_id": "d",
		}, want: []string{
			"a amd64 accelerator-count", "a amd64 !gpu-count !accelerator-count", "b arm64 !gpu-count !accelerator-count",
			"c amd64 gpu-count", "d arm64 gpu-count",
		}},
		"AWS-140 the v of a version of bottlerocket is dropped": {alias: "bottlerocket@v1.50.0", parameters: map[string]string{
			bottle + "/x86_64/1.50.0/image_id": "a", bottle + "/arm64/1.50.0/image_id": "b",
			bottle + "-nvidia/x86_64/1.50.0/image_id": "c", bottle + "-nvidia/arm64/1.50.0/image_id": "d",
		}, want: []string{
			"a amd64 accelerator-count", "a amd64 !gpu-count !accelerator-count", "b arm64 !gpu-count !accelerator-count",
			"c amd64 gpu-count", "d arm64 gpu-count",
		}},
		"AWS-140 windows2019": {alias: "windows2019@latest", parameters: map[string]string{
			windows + "2019-English-Core-EKS_Optimized-1.32/image_id": "a",
		}, want: []string{"a windows amd64 10.0.17763"}},
		"AWS-140 windows2022": {alias: "windows2022@latest", parameters: map[string]string{
			windows + "2022-English-Core-EKS_Optimized-1.32/image_id": "a",
		}, want: []string{"a windows amd64 10.0.20348"}},
		"AWS-140 windows2025": {alias: "windows2025@latest", kubernetes: "1.35", parameters: map[string]string{
			windows + "2025-English-Core-EKS_Optimized-1.35/image_id": "a",
		}, want: []string{"a windows amd64 10.0.26100"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0, publish(test.parameters))
			w.version.text.Store("1.32")
			if test.kubernetes != "" {
				w.version.text.Store(test.kubernetes)
			}
			equal(t, "images", showAll(w.list(t, alias(test.alias))), test.want)
			if got := len(w.asked()); got != len(test.parameters) {
				t.Errorf("%d parameters were read, want %d: %q", got, len(test.parameters), w.asked())
			}
			if got := w.Calls(describeImages); got != 1 {
				t.Errorf("%d requests for images", got)
			}
		})
	}
}

// AWS-014, AWS-146: aliases that there are no images for, which takes no call.
func TestUnsupportedAliases(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		alias, kubernetes string
		supported         bool
	}{
		"AWS-146 al2 before 1.33":            {alias: "al2@latest", kubernetes: "1.32", supported: true},
		"AWS-146 al2 from 1.33":              {alias: "al2@latest", kubernetes: "1.33"},
		"AWS-146 al2 of a version":           {alias: "al2@v20260101", kubernetes: "1.34"},
		"AWS-146 windows2025 before 1.35":    {alias: "windows2025@latest", kubernetes: "1.34"},
		"AWS-146 windows2025 from 1.35":      {alias: "windows2025@latest", kubernetes: "1.35", supported: true},
		"AWS-140 windows of a version":       {alias: "windows2022@1.2.3", kubernetes: "1.34"},
		"AWS-014 no alias":                   {alias: "al2023", kubernetes: "1.34"},
		"AWS-014 a family that there is not": {alias: "ubuntu@latest", kubernetes: "1.34"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0, publish(nil))
			w.version.text.Store(test.kubernetes)
			for range 2 {
				_, err := w.List(t.Context(), alias(test.alias))
				var unsupported *image.UnsupportedAliasError
				if errors.As(err, &unsupported) == test.supported || !test.supported && unsupported.Alias != test.alias {
					t.Errorf("got %v", err)
				}
			}
			if !test.supported && len(w.Requests("")) > 0 {
				t.Error("the cloud was asked")
			}
		})
	}
}

// AWS-142: variants without a parameter are left out; none at all is an error.
func TestMissingParameters(t *testing.T) {
	t.Parallel()
	const standard = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/arm64/standard/recommended/image_id"
	w := newWorld(t, 0, publish(map[string]string{standard: "a"}))
	equal(t, "images", showAll(w.list(t, alias("al2023@latest"))), []string{"a arm64 !gpu-count !accelerator-count"})
	if got, err := w.List(t.Context(), alias("al2023@v1")); !errors.Is(err, image.ErrNoParameters) {
		t.Errorf("got %v, %v", got, err)
	}
	calls := w.Calls(getParameter)
	w.Step(time.Minute)
	w.list(t, alias("al2023@latest"))
	if got := w.Calls(getParameter) - calls; got != 0 {
		t.Errorf("%d calls for parameters that were missing a minute ago", got)
	}
}

// AWS-142: another error of SSM fails the list, rather than dropping a variant.
func TestParameterFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.Fault(`[{"call": "ssm:GetParameter", "match": {"Name": "*/nvidia/*"}, "error": {"code": "InternalServerError"}}]`)
	if got, err := w.List(t.Context(), alias("al2023@latest")); err == nil || !strings.Contains(err.Error(), "InternalServerError") {
		t.Errorf("got %v, %v", got, err)
	}
	w.Heal()
	if got := len(w.list(t, alias("al2023@latest"))); got != 5 {
		t.Errorf("%d images after the failure", got)
	}
}

// AWS-004: an alias waits for the version of Kubernetes; a version that is none is an
// error.
func TestNoVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	for _, version := range []string{"", "v1", "1.x"} {
		w.version.text.Store(version)
		_, err := w.List(t.Context(), alias("al2023@latest"))
		var unsupported *image.UnsupportedAliasError
		if err == nil || errors.As(err, &unsupported) {
			t.Errorf("version %q: %v", version, err)
		}
	}
}

// AWS-148: another version of Kubernetes is another list, at once.
func TestNewVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour, publish(map[string]string{
		"/aws/service/bottlerocket/aws-k8s-1.34/arm64/latest/image_id": "old",
		"/aws/service/bottlerocket/aws-k8s-1.35/arm64/latest/image_id": "new",
	}))
	c := alias("bottlerocket@latest")
	for version, want := range map[string]string{"1.34": "old", "1.35": "new"} {
		w.version.text.Store(version)
		equal(t, version, showAll(w.list(t, c)), []string{want + " arm64 !gpu-count !accelerator-count"})
	}
}
