// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func contentCalls() map[string]handler {
	const storage = "/nodes/{node}/storage/{storage}"
	return map[string]handler{
		"GET " + storage + "/content":             listContent,
		"DELETE " + storage + "/content/{volume}": deleteContent,
		"POST " + storage + "/download-url":       download,
		"POST " + storage + "/upload":             upload,
	}
}

func listContent(r *request) (any, *failure) {
	s, failed := r.available(r.in["storage"], r.in["node"])
	if failed != nil {
		return nil, failed
	}
	out := []any{}
	for _, v := range r.volumes.sorted(s, r.in["node"]) {
		if kind := r.in["content"]; kind != "" && kind != v.content {
			continue
		}
		entry := map[string]any{"volid": v.id, "content": v.content, "size": v.bytes, "ctime": v.created.Unix(), "format": "raw"}
		if v.machine != 0 {
			entry["vmid"] = v.machine
			if asked := r.in["vmid"]; asked != "" && asked != strconv.Itoa(v.machine) {
				continue
			}
		}
		out = append(out, entry)
	}
	return out, nil
}

func deleteContent(r *request) (any, *failure) {
	s, failed := r.available(r.in["storage"], r.in["node"])
	if failed != nil {
		return nil, failed
	}
	id := r.in["volume"]
	if !strings.Contains(id, ":") {
		id = s.Name + ":" + id
	}
	if !strings.HasPrefix(id, s.Name+":") {
		return nil, refuse("storage '%s' has no volume '%s'", s.Name, id)
	}
	if failed := r.need(s.path(), "Datastore.Allocate"); failed != nil {
		return nil, failed
	}
	host := r.in["node"]
	return r.begin(work{kind: "imgdel", id: id + "@" + s.Name, finish: func(time.Time) error {
		v := r.find(id, host)
		if v == nil {
			return fmt.Errorf("volume '%s' does not exist", id)
		}
		r.remove(v)
		return nil
	}}), nil
}

// newFile says where a file goes that is uploaded or downloaded.
func (r *request) newFile() (*volume, *failure) {
	s, failed := r.available(r.in["storage"], r.in["node"])
	if failed != nil {
		return nil, failed
	}
	content := r.in["content"]
	if !s.holds(content) {
		return nil, refuse("storage '%s' does not support '%s' content", s.Name, content)
	}
	extension := map[string][]string{"iso": {".iso", ".img"}, "import": {".qcow2", ".raw", ".vmdk", ".ova", ".img"}}[content]
	name := r.in["filename"]
	known := extension == nil
	for _, e := range extension {
		known = known || strings.HasSuffix(name, e)
	}
	if !known {
		return nil, invalid("filename", "wrong file extension")
	}
	return &volume{id: s.Name + ":" + content + "/" + name, storage: s, content: content, created: r.now}, nil
}

func upload(r *request) (any, *failure) {
	v, failed := r.newFile()
	if failed != nil {
		return nil, failed
	}
	if r.file == nil {
		return nil, refuse("upload without file")
	}
	v.data, v.bytes = r.file.content, int64(len(r.file.content))
	host := r.in["node"]
	return r.begin(work{kind: "imgcopy", finish: func(time.Time) error {
		_, err := r.add(*v, host) // it takes the place of one of that name
		return err
	}}), nil
}

func download(r *request) (any, *failure) {
	v, failed := r.newFile()
	if failed != nil {
		return nil, failed
	}
	host, url, sum := r.in["node"], r.in["url"], r.in["checksum"]
	if sum != "" && r.in["checksum-algorithm"] == "" {
		return nil, invalid("checksum-algorithm", "property is missing and it is not optional")
	}
	if r.find(v.id, host) != nil {
		return nil, refuse("refusing to override existing file '%s'", r.in["filename"])
	}
	return r.begin(work{kind: "download", id: r.in["filename"], finish: func(time.Time) error {
		image, ok := r.images[url]
		switch {
		case !ok:
			return errors.New("download failed: 404 Not Found")
		case sum != "" && !strings.EqualFold(sum, image.Checksum):
			return fmt.Errorf("checksum mismatch: got '%s' != expect '%s'", image.Checksum, sum)
		}
		v.bytes = int64(image.GiB) * gib
		_, err := r.add(*v, host)
		return err
	}}), nil
}
