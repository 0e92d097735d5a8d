// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// maxBody bounds what a request may hold, in bytes.
const maxBody = 64 << 20

// file is what was uploaded.
type file struct{ content []byte }

// readParameters are those of the query and the body: a form, JSON, or a form with a file.
func readParameters(hr *http.Request) (map[string]string, *file, error) {
	in := map[string]string{}
	addForm(in, hr.URL.Query())
	body, err := io.ReadAll(io.LimitReader(hr.Body, maxBody))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the body: %w", err)
	}
	if len(body) == 0 {
		return in, nil, nil
	}
	kind, attributes, err := mime.ParseMediaType(hr.Header.Get("Content-Type"))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the content type: %w", err)
	}
	switch kind {
	case "application/json":
		return in, nil, addJSON(in, body)
	case "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, nil, fmt.Errorf("reading the form: %w", err)
		}
		addForm(in, values)
		return in, nil, nil
	case "multipart/form-data":
		uploaded, err := addParts(in, body, attributes["boundary"])
		return in, uploaded, err
	}
	return nil, nil, fmt.Errorf("unsupported content type %q", kind)
}

func addForm(in map[string]string, values url.Values) {
	for name, texts := range values {
		in[name] = texts[len(texts)-1]
	}
}

func addJSON(in map[string]string, body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	for name, value := range values {
		switch v := value.(type) {
		case nil:
		case bool:
			in[name] = map[bool]string{false: "0", true: "1"}[v]
		case string, json.Number:
			in[name] = fmt.Sprint(v)
		default:
			return fmt.Errorf("parameter %s is neither text nor number", name)
		}
	}
	return nil
}

// addParts reads a form with a file. The file's part comes last, as the API wants it.
func addParts(in map[string]string, body []byte, boundary string) (*file, error) {
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	var uploaded *file
	for {
		part, err := reader.NextPart()
		if err == io.EOF { //nolint:errorlint // the reader's documented end
			return uploaded, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading a part: %w", err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, fmt.Errorf("reading part %s: %w", part.FormName(), err)
		}
		switch {
		case uploaded != nil:
			return nil, fmt.Errorf("part %s follows the file", part.FormName())
		case part.FileName() != "":
			uploaded = &file{content}
			in["filename"] = strings.ReplaceAll(part.FileName(), " ", "_")
		default:
			in[part.FormName()] = string(content)
		}
	}
}
