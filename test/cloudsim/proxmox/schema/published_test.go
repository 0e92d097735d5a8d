// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"karpenter.sh/test/cloudsim/proxmox/schema"
)

// published is the description that Proxmox VE publishes; the test is skipped where it is
// not at hand: it is no part of the repository.
func published(t *testing.T) *schema.API {
	t.Helper()
	path := os.Getenv("PVE_API")
	if path == "" {
		path = filepath.Join("..", "..", "..", "..", "..", "shared", "data", "pve_api.json")
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there: only the stand-in is tested", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	api, err := schema.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// SIM-080: the stand-in is never laxer than what is published: what it lets through, that
// does too, and it refuses nobody else.
func TestStandIn(t *testing.T) {
	real, own := published(t), standIn(t)
	for _, o := range own.Operations() {
		of, _, err := real.Route(o.Method, o.Path)
		if err != nil || of.Path != o.Path {
			t.Errorf("%s: %v", o.Name(), err)
			continue
		}
		if of.Returns != o.Returns {
			t.Errorf("%s returns %s, not %s", o.Name(), of.Returns, o.Returns)
		}
		for _, difference := range o.LaxerThan(of) {
			t.Errorf("%s: %s", o.Name(), difference)
		}
		sameCallers(t, o, of)
	}
}

// sameCallers lets callers with any of the privileges that two descriptions ask about make
// a call.
func sameCallers(t *testing.T, o, of *schema.Operation) {
	t.Helper()
	for _, in := range []map[string]string{{"vmid": "100", "node": "a"}, {"vmid": "100", "pool": "p", "newid": "101"}} {
		asked := &curious{}
		for _, answer := range []bool{false, true} {
			asked.answer = answer
			o.Allowed(in, asked)
			of.Allowed(in, asked)
		}
		for subset := range 1 << len(asked.about) {
			var held caller
			for i, privilege := range asked.about {
				if subset>>i&1 == 1 {
					held = append(held, privilege)
				}
			}
			_, own := o.Allowed(in, held)
			if _, real := of.Allowed(in, held); own != real {
				t.Errorf("%s with %v by %v: %t, but really %t", o.Name(), in, held, own, real)
			}
		}
	}
}

// curious is a caller who remembers what is asked about.
type curious struct {
	answer bool
	about  caller
}

func (c *curious) Has(path, privilege string) bool {
	if !c.about.Has(path, privilege) {
		c.about = append(c.about, path+" "+privilege)
	}
	return c.answer
}

func (c *curious) Is(string) bool { return c.answer }
