// SPDX-License-Identifier: Apache-2.0

package pve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Place is a machine on the host that it is on.
type Place struct {
	Host string
	ID   int
}

// path is that of calls about the machine.
func (p Place) path(rest ...string) string {
	return path(append([]string{"nodes", p.Host, "qemu", strconv.Itoa(p.ID)}, rest...)...)
}

// Options are what a machine's configuration says, as texts.
type Options map[string]string

// UnmarshalJSON implements json.Unmarshaler: numbers become texts.
func (o *Options) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return fmt.Errorf("reading options: %w", err)
	}
	*o = Options{}
	for name, value := range values {
		switch v := value.(type) {
		case string, json.Number:
			(*o)[name] = fmt.Sprint(v)
		case bool:
			(*o)[name] = map[bool]string{true: "1", false: "0"}[v]
		}
	}
	return nil
}

// Options reads a machine's configuration.
func (c *Client) Options(ctx context.Context, of Place) (Options, error) {
	var out Options
	err := c.get(ctx, of.path("config"), nil, &out)
	return out, err
}

// State is what a machine is doing.
type State struct {
	// Status is running, stopped or unknown.
	Status string `json:"status"`
	// Lock is what is being done with it.
	Lock string `json:"lock"`
}

// State reads what a machine is doing, from its host.
func (c *Client) State(ctx context.Context, of Place) (State, error) {
	var out State
	err := c.get(ctx, of.path("status", "current"), nil, &out)
	return out, err
}

// Clone is how a machine is copied.
type Clone struct {
	// ID and Name are those of the copy.
	ID   int
	Name string
	// Host is that of the copy; the template's if empty.
	Host        string
	Storage     string
	Pool        string
	Description string
}

// Clone copies a machine with its disks, and waits for that.
func (c *Client) Clone(ctx context.Context, of Place, how Clone) error {
	in := parameters{"newid": how.ID, "name": how.Name, "full": 1}
	for name, value := range map[string]string{"storage": how.Storage, "pool": how.Pool, "description": how.Description} {
		if value != "" {
			in[name] = value
		}
	}
	if how.Host != "" && how.Host != of.Host {
		in["target"] = how.Host
	}
	return c.task(ctx, LimitMake, func(upid *string) error { return c.post(ctx, of.path("clone"), in, upid) })
}

// Change is what is made of options.
type Change struct {
	Set    Options
	Delete []string
	// Digest is the option digest of the configuration that the change was made from: on
	// any other one nothing is changed, and the error is [IsModified]; empty: it is made
	// on any.
	Digest string
}

// Configure changes options, and waits for that. Without any it makes no call.
func (c *Client) Configure(ctx context.Context, of Place, change Change) error {
	in := parameters{}
	for name, value := range change.Set {
		in[name] = value
	}
	if len(change.Delete) > 0 {
		in["delete"] = joinNames(change.Delete)
	}
	if len(in) == 0 {
		return nil
	}
	if change.Digest != "" {
		in["digest"] = change.Digest
	}
	return c.task(ctx, LimitMake, func(upid *string) error { return c.post(ctx, of.path("config"), in, upid) })
}

func joinNames(names []string) string {
	var out bytes.Buffer
	for i, name := range names {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(name)
	}
	return out.String()
}

// Create makes a machine from options, and waits for that. pool may be empty.
func (c *Client) Create(ctx context.Context, as Place, pool string, options Options) error {
	in := parameters{"vmid": as.ID}
	for name, value := range options {
		in[name] = value
	}
	if pool != "" {
		in["pool"] = pool
	}
	return c.task(ctx, LimitMake, func(upid *string) error { return c.post(ctx, path("nodes", as.Host, "qemu"), in, upid) })
}

// Resize lets a disk grow to so many GiB, and waits for that.
func (c *Client) Resize(ctx context.Context, of Place, disk string, gib int64) error {
	in := parameters{"disk": disk, "size": strconv.FormatInt(gib, 10) + "G"}
	return c.task(ctx, LimitMake, func(upid *string) error { return c.put(ctx, of.path("resize"), in, upid) })
}

// MakeTemplate makes a machine one that can only be cloned, and waits for that.
func (c *Client) MakeTemplate(ctx context.Context, of Place) error {
	return c.task(ctx, LimitPower, func(upid *string) error { return c.post(ctx, of.path("template"), nil, upid) })
}

// Start starts a machine, and waits for that.
func (c *Client) Start(ctx context.Context, of Place) error {
	return c.task(ctx, LimitPower, func(upid *string) error { return c.post(ctx, of.path("status", "start"), nil, upid) })
}

// Stop pulls the plug of a machine, and waits for that. A machine that does not run is no
// error.
func (c *Client) Stop(ctx context.Context, of Place) error {
	return c.task(ctx, LimitPower, func(upid *string) error { return c.post(ctx, of.path("status", "stop"), nil, upid) })
}

// Delete deletes a machine that does not run, with its disks, and waits for that.
func (c *Client) Delete(ctx context.Context, of Place) error {
	in := parameters{"purge": 1, "destroy-unreferenced-disks": 1}
	return c.task(ctx, LimitPower, func(upid *string) error { return c.delete(ctx, of.path(), in, upid) })
}

// RegenerateCloudInit writes the medium of Proxmox's own cloud-init anew.
func (c *Client) RegenerateCloudInit(ctx context.Context, of Place) error {
	return c.put(ctx, of.path("cloudinit"), parameters{}, nil)
}

// task makes a call that begins one, and waits for its end.
func (c *Client) task(ctx context.Context, limit time.Duration, begin func(upid *string) error) error {
	var upid string
	if err := begin(&upid); err != nil {
		return err
	}
	if upid == "" {
		return nil // it is done: not every version of the API makes a task of it
	}
	return c.wait(ctx, upid, limit)
}
