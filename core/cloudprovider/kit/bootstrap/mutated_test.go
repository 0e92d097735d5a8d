// SPDX-License-Identifier: Apache-2.0

package bootstrap_test

import (
	"bytes"
	"math/rand"
	"testing"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
)

// mutated returns a document with random pieces put in place of others.
func mutated(r *rand.Rand, document string) []byte {
	pieces := []string{
		"\n", "\r\n", "--//", "--b", "--b--", "--//1", ":", " ", "boundary=", "Content-Type: text/plain", "[", "]", "= ", "\"", "'", "{", "}",
		"#", "- ", "&x", "*x", "1979-05-27", "inf", "nan", "\x00", "\xff", "!!binary ", "<<: ", "0x1", "~", "|\n ", "a.b", "multipart/mixed;",
	}
	data := []byte(document)
	for range 1 + r.Intn(5) {
		from := r.Intn(len(data) + 1)
		to := min(len(data), from+r.Intn(6))
		data = bytes.Join([][]byte{data[:from], []byte(pieces[r.Intn(len(pieces))]), data[to:]}, nil)
	}
	return data
}

// KIT-182, KIT-183, KIT-184: what can be read of a spoiled document can be written
// and read again.
func TestMutatedDocuments(t *testing.T) {
	tree := func(parse func([]byte) (bootstrap.Tree, error), write func(bootstrap.Tree) ([]byte, error)) func([]byte) ([]byte, error) {
		return func(data []byte) ([]byte, error) {
			tree, err := parse(data)
			if err != nil {
				return nil, err
			}
			return must(write(tree)), nil
		}
	}
	for name, tt := range map[string]struct {
		documents []string
		copy      func([]byte) ([]byte, error)
	}{
		"MIME": {[]string{
			"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\nContent-Type: text/plain\n\nx\n--//--\n",
			"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--//\r\n--//1\r\n--b--",
			"Content-Type: text/plain\n\nx",
		}, func(data []byte) ([]byte, error) {
			parts, err := bootstrap.ParseMIME(data)
			if err != nil {
				return nil, err
			}
			return bootstrap.RenderMIME(parts), nil
		}},
		"TOML": {[]string{
			"a = 1\n[b]\nc = 1979-05-27\n[[d]]\ne = [1, 2.5, \"x\"]\n", "a.b.c = {d = 'e'}\n[x.y]\nz = '''q'''\n",
		}, tree(bootstrap.ParseTOML, bootstrap.Tree.TOML)},
		"cloud-config": {[]string{
			"#cloud-config\nruncmd:\n- id\nwrite_files: []\n", "#cloud-config\na: &x [1]\nb: *x\nc: {d: 1.5, e: 0x10}\n",
		}, tree(bootstrap.ParseCloudConfig, bootstrap.Tree.CloudConfig)},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewSource(7))
			for range 5000 {
				data := mutated(r, tt.documents[r.Intn(len(tt.documents))])
				once, err := tt.copy(data)
				if err != nil {
					continue
				}
				if twice, err := tt.copy(once); err != nil || !bytes.Equal(once, twice) {
					t.Fatalf("%q is written\n%q and that\n%q, %v", data, once, twice, err)
				}
			}
		})
	}
}
