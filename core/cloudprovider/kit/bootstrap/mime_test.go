// SPDX-License-Identifier: Apache-2.0

package bootstrap_test

import (
	"bytes"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
)

// KIT-181: what user data are read as.
func TestUserParts(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want []string // media type and body
		err  string
	}{
		"nothing":             {data: " \n\t"},
		"a script":            {data: "#!/bin/sh\nid\n", want: []string{"text/x-shellscript|#!/bin/sh\nid\n"}},
		"an archive":          {data: "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n--b\n\ny\n--b--\n", want: []string{"text/plain|x", "|y"}},
		"white space before":  {data: "\n\n  Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n", want: []string{"|x"}},
		"any case":            {data: "mime-version: 1.0\ncontent-type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n", want: []string{"|x"}},
		"CRLF":                {data: "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\ny\r\n--b--\r\n", want: []string{"|x\ny"}},
		"no end":              {data: "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n", want: []string{"|x"}},
		"a preamble":          {data: "Content-Type: multipart/mixed; boundary=b\n\nread me\n--b\n\nx\n--b--\n", want: []string{"|x"}},
		"one part by itself":  {data: "Content-Type: text/x-shellscript\nMIME-Version: 1.0\n\nid", want: []string{"text/x-shellscript|id"}},
		"an archive in one":   {data: "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--\n--b--\n", want: []string{"multipart/mixed|--c\n\nx\n--c--"}},
		"a header that is no": {data: "MIME-Version: 1.0\nContent-Type multipart\n\nx", err: "MIME header"},
		"no content type":     {data: "MIME-Version: 1.0\n\nx", err: "MIME header Content-Type"},
		"no boundary":         {data: "Content-Type: multipart/mixed\n\nx", err: "no boundary"},
		"no part":             {data: "Content-Type: multipart/mixed; boundary=b\n\nx", err: "part 1"},
		"a bad part":          {data: "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nno header\n\ny\n--b--\n", err: "part 2"},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := bootstrap.UserParts([]byte(tt.data), shell)
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			var got []string
			for _, p := range parts {
				typ, _ := p.MediaType()
				got = append(got, typ+"|"+string(p.Body))
			}
			if strings.Join(got, "\x00") != strings.Join(tt.want, "\x00") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// KIT-182: some parts go first, and the order is kept otherwise.
func TestFirst(t *testing.T) {
	parts := []bootstrap.Part{
		bootstrap.NewPart(bootstrap.TypeShell, []byte("a")),
		bootstrap.NewPart(`text/x-shellscript; stage=pre`, []byte("b")),
		bootstrap.NewPart(bootstrap.TypeCloudConfig, []byte("c")),
		bootstrap.NewPart(`text/x-shellscript; stage=pre`, []byte("d")),
	}
	var got string
	for _, p := range bootstrap.First(parts, func(p bootstrap.Part) bool {
		_, params := p.MediaType()
		return params["stage"] == "pre"
	}) {
		got += string(p.Body)
	}
	if got != "bdac" {
		t.Errorf("order %s", got)
	}
}

// KIT-182, KIT-183, KIT-184: whatever is read can be written and read again with the
// same bodies, and the same bytes come of it; whatever cannot is an error.
func FuzzParseMIME(f *testing.F) {
	f.Add([]byte("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\nContent-Type: text/plain\n\nx\n--//--\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--//\r\n--//1\r\n--b--"))
	f.Add([]byte("Content-Type: text/plain\n\nx"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\n\n--b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		parts, err := bootstrap.ParseMIME(data)
		if err != nil {
			return
		}
		written := bootstrap.RenderMIME(parts)
		again, err := bootstrap.ParseMIME(written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%q", err, written)
		}
		if len(again) != len(parts) {
			t.Fatalf("%d parts, and then %d\n%q", len(parts), len(again), written)
		}
		for i := range parts {
			if want := bytes.ReplaceAll(parts[i].Body, []byte("\r\n"), []byte("\n")); !bytes.Equal(again[i].Body, want) {
				t.Errorf("part %d is %q, was %q", i, again[i].Body, want)
			}
		}
		if !bytes.Equal(written, bootstrap.RenderMIME(again)) {
			t.Error("the same parts give other bytes")
		}
	})
}
