// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/internal/simtest"
	cloudaws "karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/wire"
)

const (
	getParameter   = "ssm:GetParameter"
	describeImages = "ec2:DescribeImages"
)

// kubernetes is a version that tests change.
type kubernetes struct{ text atomic.Value }

func (k *kubernetes) Version() string { return k.text.Load().(string) }

// world is an account and what looks at it.
type world struct {
	*simtest.Account
	*image.Images
	version *kubernetes
	skipped []string
}

func newWorld(t *testing.T, interval time.Duration, change ...func(*cloudaws.Setup)) *world {
	t.Helper()
	w := &world{version: &kubernetes{}, Account: simtest.New(t, func(o *simtest.Options) {
		for _, f := range change {
			f(&o.Cloud.Setup)
		}
	})}
	w.version.text.Store("1.34")
	w.Images = image.New(image.Options{
		EC2: ec2.NewFromConfig(w.Config), SSM: ssm.NewFromConfig(w.Config), Kubernetes: w.version,
		Clock: w.Clock, Interval: interval,
		Skipped: func(parameter, reason string) { w.skipped = append(w.skipped, parameter+": "+reason) },
	})
	t.Cleanup(w.Images.Close)
	return w
}

func nodeClass(terms ...v1.AMISelectorTerm) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{}
	c.Name, c.UID, c.Generation = "default", "uid-1", 1
	c.Spec.AMISelectorTerms = terms
	return c
}

func alias(text string) *v1.EC2NodeClass { return nodeClass(v1.AMISelectorTerm{Alias: text}) }

func (w *world) list(t *testing.T, c *v1.EC2NodeClass) []v1.AMI {
	t.Helper()
	got, err := w.List(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// show is an image and what it is for, in few letters.
func show(ami v1.AMI) string {
	out := []string{ami.Name}
	if ami.Name == "" {
		out = []string{ami.ID}
	}
	if ami.Deprecated {
		out = append(out, "deprecated")
	}
	for _, r := range ami.Requirements {
		_, name, _ := strings.Cut(r.Key, "/")
		text := strings.TrimPrefix(name, "instance-")
		switch r.Operator {
		case corev1.NodeSelectorOpIn:
			text = strings.Join(r.Values, "|")
		case corev1.NodeSelectorOpDoesNotExist:
			text = "!" + text
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func showAll(amis []v1.AMI) []string {
	out := []string{}
	for _, ami := range amis {
		out = append(out, show(ami))
	}
	return out
}

// asked are the parameters that were read, in order of text.
func (w *world) asked() []string {
	var out []string
	for _, e := range w.Requests(getParameter) {
		out = append(out, wire.Tree(e.Input).Str("Name"))
	}
	slices.Sort(out)
	return out
}

// queries are the requests for images, without what all of them have.
func (w *world) queries(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, e := range w.Requests(describeImages) {
		in := wire.Tree(e.Input)
		text := ""
		for _, f := range in.Trees("Filters") {
			text += fmt.Sprint(f.Str("Name"), "=", f.Strs("Values"), " ")
		}
		if owners := in.Strs("Owners"); len(owners) > 0 {
			text += fmt.Sprint("of ", owners)
		}
		rest, all := strings.CutPrefix(text, "state=[available] ")
		if !all || !in.Bool("IncludeDeprecated") || in.Int("MaxResults") != 1000 {
			t.Errorf("AWS-143: the request %v lacks what all have", e.Input)
		}
		out = append(out, strings.TrimSpace(rest))
	}
	slices.Sort(out)
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
