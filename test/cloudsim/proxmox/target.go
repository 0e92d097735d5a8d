// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/fault"
)

// Summary implements control.Target.
func (c *Cloud) Summary() map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	states := map[string]int{}
	offline := []string{}
	for _, name := range slices.Sorted(maps.Keys(c.regions)) {
		r := c.regions[name]
		for _, m := range r.machines {
			states[m.state()]++
		}
		for _, h := range r.sortedHosts() {
			if h.offline {
				offline = append(offline, name+"/"+h.Name)
			}
		}
	}
	return map[string]any{
		"cloud": "proxmox", "regions": slices.Sorted(maps.Keys(c.regions)), "machines": states, "offline": offline,
		"requests": c.journal.Total(), "time": c.clock.Now(),
	}
}

func (m *machine) state() string {
	switch {
	case m.template:
		return "template"
	case m.running:
		return "running"
	case m.lock != "":
		return "locked"
	}
	return "stopped"
}

// Actions implements control.Actor. Machines have IDs such as "region:100".
func (c *Cloud) Actions() map[string]func(id string) error {
	return map[string]func(string) error{"stop": c.PowerOff, "start": c.PowerOn, "remove": c.Remove}
}

// errNoChange is a body that names nothing that can be changed.
var errNoChange = errors.New("what is to be changed?")

type (
	hostChange struct {
		Region      string `json:"region"`
		Host        string `json:"host"`
		Offline     *bool  `json:"offline"`
		Maintenance *bool  `json:"maintenance"`
	}
	regionChange struct {
		Region string `json:"region"`
		Down   *bool  `json:"down"`
	}
	storageChange struct {
		Region   string `json:"region"`
		Storage  string `json:"storage"`
		Disabled *bool  `json:"disabled"`
		// Free is in GiB; below 0: all that there is.
		Free *int `json:"free"`
	}
	taskChange struct {
		Kind  string          `json:"kind"`
		Takes *fault.Duration `json:"takes"`
	}
	grantChange struct {
		Region string  `json:"region"`
		User   string  `json:"user"`
		Grants []Grant `json:"grants"`
	}
	migration struct {
		Region string `json:"region"`
		ID     int    `json:"id"`
		Host   string `json:"host"`
	}
	placed struct {
		Region  string  `json:"region"`
		Machine Machine `json:"machine"`
	}
)

// Routes implements control.Router.
func (c *Cloud) Routes() map[string]http.Handler {
	return map[string]http.Handler{
		"GET /v1/machines":   control.Show(func() any { return c.allMachines() }),
		"GET /v1/volumes":    control.Show(func() any { return c.allVolumes() }),
		"POST /v1/machines":  control.Do(func(in placed) error { return c.Place(in.Region, in.Machine) }),
		"PUT /v1/migrations": control.Do(func(in migration) error { return c.Migrate(in.Region, in.ID, in.Host) }),
		"PUT /v1/hosts":      control.Do(c.changeHost),
		"PUT /v1/storages":   control.Do(c.changeStorage),
		"PUT /v1/grants":     control.Do(func(in grantChange) error { return c.SetGrants(in.Region, in.User, in.Grants) }),
		"PUT /v1/regions": control.Do(func(in regionChange) error {
			if in.Down == nil {
				return fmt.Errorf("regions: %w", errNoChange)
			}
			return c.SetRegionDown(in.Region, *in.Down)
		}),
		"PUT /v1/tasks": control.Do(func(in taskChange) error {
			if in.Takes == nil {
				return fmt.Errorf("tasks: %w", errNoChange)
			}
			return c.SetTime(in.Kind, in.Takes.Duration)
		}),
	}
}

func (c *Cloud) changeHost(in hostChange) error {
	if in.Offline == nil && in.Maintenance == nil {
		return fmt.Errorf("hosts: %w", errNoChange)
	}
	var err error
	if in.Offline != nil {
		err = c.SetHostOffline(in.Region, in.Host, *in.Offline)
	}
	if err == nil && in.Maintenance != nil {
		err = c.SetHostMaintenance(in.Region, in.Host, *in.Maintenance)
	}
	return err
}

func (c *Cloud) changeStorage(in storageChange) error {
	if in.Disabled == nil && in.Free == nil {
		return fmt.Errorf("storages: %w", errNoChange)
	}
	var err error
	if in.Disabled != nil {
		err = c.SetStorageDisabled(in.Region, in.Storage, *in.Disabled)
	}
	if err == nil && in.Free != nil {
		err = c.SetStorageFree(in.Region, in.Storage, *in.Free)
	}
	return err
}

// allMachines are those of all regions, by region.
func (c *Cloud) allMachines() map[string][]Seen {
	out := map[string][]Seen{}
	for name := range c.regions { // it never changes
		out[name], _ = c.Machines(name) // there is such a region
	}
	return out
}

// allVolumes are the IDs of those of all regions, by region.
func (c *Cloud) allVolumes() map[string][]string {
	out := map[string][]string{}
	for name := range c.regions { // it never changes
		out[name], _ = c.Volumes(name) // there is such a region
	}
	return out
}

// configFile is the file by which a controller finds the clusters.
const configFile = "cloud.yaml"

// Env are the variables that point a controller at the clusters. bundle is the file with
// the certificate authority, beside which the files are.
func (c *Cloud) Env(_, bundle, _ string) map[string]string {
	return map[string]string{"CLOUD_CONFIG": filepath.Join(filepath.Dir(bundle), configFile), "SSL_CERT_FILE": bundle}
}

// Files are what a controller is given to reach the clusters at an endpoint, by name: of
// each the first token that the setup names.
func (c *Cloud) Files(endpoint string) (map[string][]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var clusters []map[string]string
	for _, name := range slices.Sorted(maps.Keys(c.regions)) {
		id, secret := c.regions[name].firstToken()
		if id == "" {
			return nil, fmt.Errorf("region %s has no token", name)
		}
		clusters = append(clusters, map[string]string{
			"region": name, "url": strings.TrimSuffix(endpoint, "/") + "/" + name + "/api2/json", "token_id": id, "token_secret": secret,
		})
	}
	text, err := yaml.Marshal(map[string]any{"clusters": clusters})
	if err != nil {
		return nil, fmt.Errorf("write the cloud config: %w", err)
	}
	return map[string][]byte{configFile: text}, nil
}
