// SPDX-License-Identifier: Apache-2.0

package simcloud

import (
	"context"
	"net/http"
	"time"
)

// Machine is a machine or template of a simulated Proxmox VE cluster.
type Machine struct {
	ID       int               `json:"id"`
	Host     string            `json:"host"`
	Pool     string            `json:"pool"`
	Running  bool              `json:"running"`
	Template bool              `json:"template"`
	Lock     string            `json:"lock"`
	Options  map[string]string `json:"options"`
	// Firewall are the options of its firewall, Rules its rules in their order.
	Firewall map[string]string   `json:"firewall"`
	Rules    []map[string]string `json:"rules"`
}

// Machines are those of all regions, templates too, by region.
func (c *Cloud) Machines(ctx context.Context) (map[string][]Machine, error) {
	return read[map[string][]Machine](ctx, c, "/v1/machines")
}

// Volumes are the IDs of all volumes, with the host of those that are not shared, by
// region.
func (c *Cloud) Volumes(ctx context.Context) (map[string][]string, error) {
	return read[map[string][]string](ctx, c, "/v1/volumes")
}

// Place puts a machine into a region behind everybody's back; its fields are those of the
// setup of cloudsim.
func (c *Cloud) Place(ctx context.Context, region string, machine map[string]any) error {
	return c.send(ctx, http.MethodPost, "/v1/machines", map[string]any{"region": region, "machine": machine})
}

// Act does something to a machine, such as "east:100", behind everybody's back: stop, start
// or remove.
func (c *Cloud) Act(ctx context.Context, machine, action string) error {
	return c.send(ctx, http.MethodPost, "/v1/machines/"+machine+"/"+action, nil)
}

// Migrate moves a machine to another host.
func (c *Cloud) Migrate(ctx context.Context, region string, id int, host string) error {
	return c.send(ctx, http.MethodPut, "/v1/migrations", map[string]any{"region": region, "id": id, "host": host})
}

// Host says whether a host is away, and whether it is in maintenance.
func (c *Cloud) Host(ctx context.Context, region, host string, offline, maintenance bool) error {
	return c.send(ctx, http.MethodPut, "/v1/hosts", map[string]any{"region": region, "host": host, "offline": offline, "maintenance": maintenance})
}

// Down lets a region fall silent, or answer again.
func (c *Cloud) Down(ctx context.Context, region string, down bool) error {
	return c.send(ctx, http.MethodPut, "/v1/regions", map[string]any{"region": region, "down": down})
}

// Free lets a storage be full but for so many GiB; below 0 it is as it was.
func (c *Cloud) Free(ctx context.Context, region, storage string, gib int) error {
	return c.send(ctx, http.MethodPut, "/v1/storages", map[string]any{"region": region, "storage": storage, "free": gib})
}

// Takes changes how long tasks of a type take.
func (c *Cloud) Takes(ctx context.Context, task string, d time.Duration) error {
	return c.send(ctx, http.MethodPut, "/v1/tasks", map[string]any{"kind": task, "takes": d.String()})
}

// Grant gives a user these privileges everywhere, in place of those that it had; nil: those
// of the setup.
func (c *Cloud) Grant(ctx context.Context, region, user string, privileges []string) error {
	var grants []map[string]any
	if privileges != nil {
		grants = []map[string]any{{"path": "/", "privileges": privileges}}
	}
	return c.send(ctx, http.MethodPut, "/v1/grants", map[string]any{"region": region, "user": user, "grants": grants})
}
