// SPDX-License-Identifier: Apache-2.0

package imagerecord_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/imagerecord"
)

// owned is an image of a template's.
const owned = "a-9606822589293882907.qcow2"

func recorded(id string) *v1alpha1.ProxmoxTemplate {
	t := &v1alpha1.ProxmoxTemplate{ObjectMeta: metav1.ObjectMeta{UID: "u1"}}
	out, err := imagerecord.Record{"r1": {id}}.On(t)
	if err != nil {
		panic(err)
	}
	return out
}

// PVE-023, PVE-029: every image ID that is made can be read from a record.
func TestOwnImages(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"", "a", "a.qcow2", "a.24.raw", "a.b.img", ".", ".vmdk", "a.", "a b\nc.raw", "a-1.2.QCOW2", "x.qcow2.gz"}
	for range 1000 {
		source := v1alpha1.SourceImage{
			URL:       fmt.Sprintf("https://images.example.com/%d/node-%d.%s", random.Uint64(), random.IntN(100), []string{"img", "qcow2", "raw"}[random.IntN(3)]),
			ImageName: names[random.IntN(len(names))],
		}
		if _, err := imagerecord.Of(recorded(source.ImageID())); err != nil {
			t.Fatalf("%+v: %v", source, err)
		}
	}
}

// PVE-029: an image that an administrator has named is none of a template's, whoever records
// it.
func TestImagesOfOthers(t *testing.T) {
	for _, id := range []string{
		"debian-12.qcow2", "ubuntu-24.04-server.qcow2", "fedora-42.1.raw", "rocky-9-20250101.qcow2", "debian.iso",
		"a-9606822589293882907.iso", "a-9606822589293882907.qcow2.gz", "a-9606822589293882907.qcow2\n", "a-9606822589293882907.xraw",
	} {
		if _, err := imagerecord.Of(recorded(id)); !errors.Is(err, imagerecord.ErrUnreadable) {
			t.Errorf("%q: got %v", id, err)
		}
	}
}

// PVE-029: a copy of a template, under another name or from a backup, fetched nothing: what its
// original recorded is none of its own, and does not come back when it records something.
func TestCopies(t *testing.T) {
	original := recorded(owned)
	for _, uid := range []types.UID{"u2", ""} {
		duplicate := original.DeepCopy()
		duplicate.UID = uid
		record, err := imagerecord.Of(duplicate)
		if err != nil || len(record) > 0 {
			t.Errorf("UID %q: got %v, %v", uid, record, err)
		}
		if duplicate, err = record.With(owned, []string{"r2"}).On(duplicate); err != nil {
			t.Fatal(err)
		}
		if record, err = imagerecord.Of(duplicate); err != nil || !record.Equal(imagerecord.Record{"r2": {owned}}) {
			t.Errorf("UID %q: got %v, %v", uid, record, err)
		}
	}
	if record, err := imagerecord.Of(original); err != nil || !record.Equal(imagerecord.Record{"r1": {owned}}) {
		t.Errorf("the original: got %v, %v", record, err)
	}
}
