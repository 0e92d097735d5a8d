// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"testing"
	"time"

	cloudaws "karpenter.sh/test/cloudsim/aws"
)

const (
	newest = "/aws/service/bottlerocket/aws-k8s-1.34/arm64/latest/image_id"
	pinned = "/aws/service/bottlerocket/aws-k8s-1.34/arm64/1.50.0/image_id"
)

// replaced is an account whose newest image was replaced after it was resolved.
func replaced(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, 10*time.Hour, publish(map[string]string{newest: "first", pinned: "pinned"}))
	w.list(t, alias("bottlerocket@latest"))
	w.list(t, alias("bottlerocket@1.50.0"))
	w.Cloud.PutImage(cloudaws.Image{ID: "ami-second", Name: "second", Arch: "arm64", Owner: "amazon"})
	w.Cloud.PutParameter(newest, "ami-second")
	w.Cloud.PutParameter(pinned, "ami-second")
	return w
}

func (w *world) invalidate(t *testing.T, want ...string) {
	t.Helper()
	got, err := w.InvalidateDeprecated(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "forgotten", got, want)
}

const suffix = " arm64 !gpu-count !accelerator-count"

// AWS-142: the newest image is kept for a day, unless it becomes deprecated.
func TestInvalidateDeprecated(t *testing.T) {
	t.Parallel()
	w := replaced(t)
	c, p := alias("bottlerocket@latest"), alias("bottlerocket@1.50.0")
	w.invalidate(t)
	equal(t, "while it is good", showAll(w.list(t, c)), []string{"first" + suffix})
	for _, id := range []string{"ami-first", "ami-pinned"} {
		if err := w.Cloud.DeprecateImage(id, 0); err != nil {
			t.Fatal(err)
		}
	}
	w.invalidate(t, newest)
	equal(t, "once it is deprecated", showAll(w.list(t, c)), []string{"second" + suffix})
	equal(t, "an image of a version stays", showAll(w.list(t, p)), []string{"pinned deprecated" + suffix})
	w.invalidate(t)
	if got := w.queries(t); got[len(got)-1] != "image-id=[ami-second]" {
		t.Errorf("only images of mutable parameters are described: %q", got)
	}
}

// AWS-142: an image that is gone is forgotten as well.
func TestInvalidateGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, publish(map[string]string{newest: "first"}), func(s *cloudaws.Setup) { s.Images = nil })
	if got := w.list(t, alias("bottlerocket@latest")); len(got) != 0 {
		t.Fatalf("got %v", got)
	}
	w.invalidate(t, newest)
}

// AWS-142: a failure forgets nothing, and nothing known takes no call.
func TestInvalidateFailure(t *testing.T) {
	t.Parallel()
	w := replaced(t)
	if err := w.Cloud.DeprecateImage("ami-first", 0); err != nil {
		t.Fatal(err)
	}
	w.Fail(describeImages, "InternalError", "")
	if got, err := w.InvalidateDeprecated(t.Context()); err == nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
	w.Heal()
	calls := w.Calls(getParameter)
	w.list(t, alias("bottlerocket@latest"))
	if got := w.Calls(getParameter); got != calls {
		t.Errorf("%d calls of SSM", got-calls)
	}
	empty := newWorld(t, 0)
	empty.invalidate(t)
	if got := len(empty.Requests("")); got != 0 {
		t.Errorf("%d calls without anything known", got)
	}
}

// AWS-142: values of publishers are kept for 24 hours.
func TestPublishedAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, publish(map[string]string{newest: "first"}))
	c := alias("bottlerocket@latest")
	w.list(t, c)
	w.Cloud.PutImage(cloudaws.Image{ID: "ami-second", Name: "second", Arch: "arm64", Owner: "amazon"})
	w.Cloud.PutParameter(newest, "ami-second")
	w.Step(18*time.Hour - 1)
	equal(t, "within a day", showAll(w.list(t, c)), []string{"first" + suffix})
	w.Step(6*time.Hour + 1)
	equal(t, "after a day", showAll(w.list(t, c)), []string{"second" + suffix})
}
