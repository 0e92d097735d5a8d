// SPDX-License-Identifier: Apache-2.0

package join

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// part is one part of a MIME archive.
type part struct {
	kind string // content type without parameters
	body []byte
}

// archive splits user data into parts as cloud-init would. Data that is no archive is
// one part of kind "".
func archive(data []byte) ([]part, error) {
	trimmed := bytes.TrimSpace(data)
	lower := strings.ToLower(string(trimmed[:min(len(trimmed), 32)]))
	if !strings.HasPrefix(lower, "mime-version:") && !strings.HasPrefix(lower, "content-type:") {
		return []part{{body: data}}, nil
	}
	reader := bufio.NewReader(bytes.NewReader(trimmed))
	header, err := textproto.NewReader(reader).ReadMIMEHeader()
	if err != nil {
		return nil, fmt.Errorf("user data: read the archive's header: %w", err)
	}
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("user data: content type %q: %w", header.Get("Content-Type"), err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		body, err := io.ReadAll(reader)
		return []part{{kind: kind, body: body}}, err
	}
	return parts(reader, parameters["boundary"])
}

func parts(reader io.Reader, boundary string) ([]part, error) {
	if boundary == "" {
		return nil, errors.New("user data: the archive names no boundary")
	}
	var out []part
	multi := multipart.NewReader(reader, boundary)
	for {
		p, err := multi.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("user data: part %d: %w", len(out)+1, err)
		}
		body, err := io.ReadAll(p)
		if err != nil {
			return nil, fmt.Errorf("user data: part %d: %w", len(out)+1, err)
		}
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "base64") {
			if body, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(body)), "")); err != nil {
				return nil, fmt.Errorf("user data: part %d: %w", len(out)+1, err)
			}
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")) // "" is no kind that is read
		out = append(out, part{kind: kind, body: body})
	}
}
