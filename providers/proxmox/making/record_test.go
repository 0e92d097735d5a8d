// SPDX-License-Identifier: Apache-2.0

package making_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/making"
)

func recorded(id string) *v1alpha1.ProxmoxTemplate {
	t := &v1alpha1.ProxmoxTemplate{}
	out, err := making.Record{"r1": {id}}.On(t)
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
		if _, err := making.RecordOf(recorded(source.ImageID())); err != nil {
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
		if _, err := making.RecordOf(recorded(id)); !errors.Is(err, making.ErrRecord) {
			t.Errorf("%q: got %v", id, err)
		}
	}
}
