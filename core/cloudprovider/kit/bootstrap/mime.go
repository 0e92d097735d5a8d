// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// Part is one document of a MIME archive. Its body is as it stands in the archive:
// an encoding that the header tells of is not undone.
type Part struct {
	Header textproto.MIMEHeader
	Body   []byte
}

// Content types of parts.
const (
	TypeShell       = `text/x-shellscript; charset="us-ascii"`
	TypeCloudConfig = `text/cloud-config; charset="us-ascii"`
)

const contentType = "Content-Type"

// NewPart returns a part with a content type and no other header.
func NewPart(typ string, body []byte) Part {
	return Part{Header: textproto.MIMEHeader{contentType: {typ}}, Body: body}
}

// MediaType returns the content type, lower-case, and its parameters.
func (p Part) MediaType() (string, map[string]string) {
	typ, params, err := mime.ParseMediaType(p.Header.Get(contentType))
	if err != nil {
		return "", nil
	}
	return typ, params
}

// IsMIME reports whether user data are a MIME document: whether they begin, after
// white space, with one of its headers.
func IsMIME(data []byte) bool {
	start := strings.ToLower(string(data[:min(len(data), 4096)]))
	start = strings.TrimSpace(start)
	return strings.HasPrefix(start, "mime-version:") || strings.HasPrefix(start, "content-type:")
}

// UserParts returns the parts of user data: of an archive its own, of anything
// else the one that single makes of it, of nothing but white space none.
func UserParts(data []byte, single func([]byte) Part) ([]Part, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, nil
	case IsMIME(data):
		return ParseMIME(data)
	}
	return []Part{single(data)}, nil
}

// ParseMIME reads an archive, or a MIME document that is a single part. A missing
// end of the archive is made up for, since machines read such archives too.
func ParseMIME(data []byte) ([]Part, error) {
	data = bytes.ReplaceAll(bytes.TrimSpace(data), []byte("\r\n"), []byte("\n"))
	reader := bufio.NewReader(bytes.NewReader(append(data, '\n', '\n')))
	header, err := textproto.NewReader(reader).ReadMIMEHeader()
	if err != nil {
		return nil, fmt.Errorf("reading the MIME header: %w", err)
	}
	typ, params, err := mime.ParseMediaType(header.Get(contentType))
	if err != nil {
		return nil, fmt.Errorf("reading the MIME header Content-Type: %w", err)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("reading the MIME body: %w", err)
	}
	body = bytes.TrimSuffix(body, []byte("\n\n"))
	if !strings.HasPrefix(typ, "multipart/") {
		header.Del("MIME-Version")
		return []Part{{Header: header, Body: body}}, nil
	}
	if params["boundary"] == "" {
		return nil, errors.New("reading the MIME header Content-Type: a multipart archive has no boundary")
	}
	return parseParts(body, params["boundary"])
}

func parseParts(body []byte, boundary string) ([]Part, error) {
	end := []byte("\n--" + boundary + "--\n")
	body = append(append([]byte("\n"), body...), '\n')
	if !bytes.Contains(body, end) {
		body = append(body, end[1:]...)
	}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	var parts []Part
	for {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) && len(parts) > 0 {
			return parts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading part %d of the MIME archive: %w", len(parts)+1, err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, fmt.Errorf("reading part %d of the MIME archive: %w", len(parts)+1, err)
		}
		parts = append(parts, Part{Header: part.Header, Body: content})
	}
}

// Boundary is what archives are divided by, as long as no part has it in it.
const Boundary = "//"

// RenderMIME writes an archive of the parts, in their order, with line feeds only.
func RenderMIME(parts []Part) []byte {
	boundary := boundaryFor(parts)
	var out bytes.Buffer
	fmt.Fprintf(&out, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=%q\n\n", boundary)
	for _, p := range parts {
		fmt.Fprintf(&out, "--%s\n", boundary)
		for _, key := range slices.Sorted(maps.Keys(p.Header)) {
			for _, value := range p.Header[key] {
				fmt.Fprintf(&out, "%s: %s\n", key, value)
			}
		}
		out.WriteByte('\n')
		out.Write(bytes.ReplaceAll(p.Body, []byte("\r\n"), []byte("\n")))
		out.WriteByte('\n')
	}
	fmt.Fprintf(&out, "--%s--\n", boundary)
	return out.Bytes()
}

// boundaryFor returns the first of "//", "//1", "//2" that no part has a line with.
func boundaryFor(parts []Part) string {
	boundary := Boundary
	for n := 1; slices.ContainsFunc(parts, func(p Part) bool { return bytes.Contains(p.Body, []byte("--"+boundary)) }); n++ {
		boundary = Boundary + strconv.Itoa(n)
	}
	return boundary
}

// First moves the parts that go first to the front; otherwise the order is kept.
func First(parts []Part, first func(Part) bool) []Part {
	var front, rest []Part
	for _, p := range parts {
		if first(p) {
			front = append(front, p)
		} else {
			rest = append(rest, p)
		}
	}
	return append(front, rest...)
}
