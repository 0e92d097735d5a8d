// SPDX-License-Identifier: Apache-2.0

package pve

import (
	"bytes"
	"context"
	"errors"
	"net/http"
)

// HostStorage is a storage as its host has it.
type HostStorage struct {
	Name    string `json:"storage"`
	Enabled int    `json:"enabled"`
	// Active is 0 while what is behind it does not answer.
	Active int `json:"active"`
	Shared int `json:"shared"`
}

// StoragesFor are the storages of a host that are for a kind of content and enabled, in
// the API's order.
func (c *Client) StoragesFor(ctx context.Context, host, content string) ([]HostStorage, error) {
	var out []HostStorage
	err := c.get(ctx, path("nodes", host, "storage"), parameters{"content": content, "enabled": 1}, &out)
	return out, err
}

// Volume is what a storage holds.
type Volume struct {
	// ID is such as local:import/image.qcow2.
	ID string `json:"volid"`
}

// Content lists what a storage holds of a kind.
func (c *Client) Content(ctx context.Context, host, storage, kind string) ([]Volume, error) {
	var out []Volume
	err := c.get(ctx, path("nodes", host, "storage", storage, "content"), parameters{"content": kind}, &out)
	return out, err
}

// Download is an image that a host fetches.
type Download struct {
	URL, Name              string
	Checksum, ChecksumType string
}

// Download lets a host fetch an image for import, and waits for that. What takes too long, or
// longer than the caller waits, is stopped: the image would come when nobody knows of it any
// more. The error wraps ErrTaskTimeout then.
func (c *Client) Download(ctx context.Context, host, storage string, what Download) error {
	in := parameters{"content": "import", "filename": what.Name, "url": what.URL}
	if what.Checksum != "" {
		in["checksum"], in["checksum-algorithm"] = what.Checksum, what.ChecksumType
	}
	var begun string
	err := c.task(ctx, LimitDownload, func(upid *string) error {
		err := c.post(ctx, path("nodes", host, "storage", storage, "download-url"), in, upid)
		begun = *upid
		return err
	})
	if errors.Is(err, ErrTaskTimeout) {
		return errors.Join(err, c.stop(ctx, begun))
	}
	return err
}

// UploadISO puts a medium into a storage, in place of one of that name, and waits for
// that. The request itself cannot be cancelled, and ends after 30 s at the latest.
func (c *Client) UploadISO(ctx context.Context, host, storage, name string, content []byte) error {
	at := path("nodes", host, "storage", storage, "upload")
	return c.task(ctx, LimitUpload, func(upid *string) error {
		return c.call(ctx, http.MethodPost, at, func() error {
			return c.api.UploadReader(at, map[string]string{"content": "iso"}, name, bytes.NewReader(content), int64(len(content)), upid)
		})
	})
}

// DeleteVolume deletes what a storage holds, and waits for that. What is not there is no
// error.
func (c *Client) DeleteVolume(ctx context.Context, host, storage, id string) error {
	err := c.task(ctx, LimitPower, func(upid *string) error {
		return c.delete(ctx, path("nodes", host, "storage", storage, "content", id), nil, upid)
	})
	if IsNoVolume(err) {
		return nil
	}
	return err
}
