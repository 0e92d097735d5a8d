// SPDX-License-Identifier: Apache-2.0

package simcloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ErrNone says that the cluster has no simulated cloud.
var ErrNone = errors.New("no simulated cloud was started by tools/cluster for this cluster")

// Cloud is a simulated cloud.
type Cloud struct {
	// Cluster is the name that the account knows the cluster by.
	Cluster string
	url     string
	env     map[string]string
}

// Find returns the cloud of the cluster that a kubeconfig leads to.
func Find(kubeconfig string) (*Cloud, error) {
	path, err := filepath.Abs(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("find the simulated cloud: %w", err)
	}
	content, err := os.ReadFile(filepath.Join(filepath.Dir(path), "state.json"))
	if err != nil {
		return nil, fmt.Errorf("find the simulated cloud: %w: %w", ErrNone, err)
	}
	var state struct {
		Name  string `json:"name"`
		Cloud *struct {
			ControlURL string   `json:"controlURL"`
			Env        []string `json:"env"`
		} `json:"cloud"`
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return nil, fmt.Errorf("find the simulated cloud: %w", err)
	}
	if state.Cloud == nil {
		return nil, ErrNone
	}
	cloud := &Cloud{Cluster: state.Name, url: state.Cloud.ControlURL, env: map[string]string{}}
	for _, entry := range state.Cloud.Env {
		name, value, _ := strings.Cut(entry, "=")
		cloud.env[name] = value
	}
	return cloud, nil
}

// Fault is a rule by which calls go wrong; see the README of cloudsim for the fields.
type Fault map[string]any

// Fault adds rules; the first that matches a call applies to it.
func (c *Cloud) Fault(ctx context.Context, rules ...Fault) error {
	return c.send(ctx, http.MethodPost, "/v1/faults", rules)
}

// Mend removes all rules.
func (c *Cloud) Mend(ctx context.Context) error {
	return c.send(ctx, http.MethodDelete, "/v1/faults", nil)
}

// Pool selects stock; what is left out is any.
type Pool struct {
	Type     string `json:"type,omitempty"`
	Zone     string `json:"zone,omitempty"`
	Capacity string `json:"capacity,omitempty"`
}

// Stock sets how many machines the pools that are selected have left.
func (c *Cloud) Stock(ctx context.Context, p Pool, count int) error {
	return c.send(ctx, http.MethodPut, "/v1/stock", struct {
		Pool
		Count int `json:"count"`
	}{p, count})
}

// Quota sets a quota of the account, such as spot-vcpus.
func (c *Cloud) Quota(ctx context.Context, name string, limit int) error {
	return c.send(ctx, http.MethodPut, "/v1/quotas", map[string]any{"name": name, "limit": limit})
}

// Addresses blocks addresses of a subnet until so many are free.
func (c *Cloud) Addresses(ctx context.Context, subnet string, free int) error {
	return c.send(ctx, http.MethodPut, "/v1/subnets", map[string]any{"id": subnet, "free": free})
}

// Boot sets how long machines take to boot.
func (c *Cloud) Boot(ctx context.Context, delay time.Duration) error {
	return c.send(ctx, http.MethodPut, "/v1/boot", map[string]any{"delay": delay.String()})
}

// Shift moves traffic away from a zone, by its ID, for a while; 0 ends it.
func (c *Cloud) Shift(ctx context.Context, zoneID string, span time.Duration) error {
	return c.send(ctx, http.MethodPut, "/v1/shifts", map[string]any{"zone": zoneID, "for": span.String()})
}

// Notify announces an interruption of a machine: spot, rebalance or health.
func (c *Cloud) Notify(ctx context.Context, machine, kind string) error {
	return c.send(ctx, http.MethodPost, "/v1/machines/"+machine+"/notify?kind="+url.QueryEscape(kind), nil)
}

// Reclaim ends a machine and keeps its capacity.
func (c *Cloud) Reclaim(ctx context.Context, machine string) error {
	return c.send(ctx, http.MethodPost, "/v1/machines/"+machine+"/reclaim", nil)
}

// Lose lets the host of a machine fail.
func (c *Cloud) Lose(ctx context.Context, machine string) error {
	return c.send(ctx, http.MethodPost, "/v1/machines/"+machine+"/lose", nil)
}

// Schedule announces an event in a machine's status, such as instance-retirement.
func (c *Cloud) Schedule(ctx context.Context, machine, code string, in time.Duration) error {
	return c.send(ctx, http.MethodPost, "/v1/machines/"+machine+"/events", map[string]any{"code": code, "in": in.String()})
}

// ForgetTemplates deletes all launch templates behind everybody's back.
func (c *Cloud) ForgetTemplates(ctx context.Context) error {
	return c.send(ctx, http.MethodDelete, "/v1/launch-templates", nil)
}

// Call is a request that the cloud got.
type Call struct {
	Number int            `json:"number"`
	Time   time.Time      `json:"time"`
	Call   string         `json:"call"`
	Input  map[string]any `json:"input"`
	// Code is the error's; empty: success.
	Code    string `json:"code"`
	Message string `json:"message"`
	Status  int    `json:"status"`
	// Fault is the name of the rule that let it go wrong; empty: none did.
	Fault string `json:"fault"`
}

// Calls returns the requests of this name that came after a number, oldest first; an
// empty name is any.
func (c *Cloud) Calls(ctx context.Context, call string, after int) ([]Call, error) {
	query := url.Values{"after": {strconv.Itoa(after)}}
	if call != "" {
		query.Set("call", call)
	}
	return read[[]Call](ctx, c, "/v1/journal?"+query.Encode())
}

// Requests is the number of the last request that the cloud got.
func (c *Cloud) Requests(ctx context.Context) (int, error) {
	state, err := read[struct {
		Requests int `json:"requests"`
	}](ctx, c, "/v1/state")
	return state.Requests, err
}

// Faulted returns the rules of [Fault] that let a request after a number go wrong, each as
// often as it did: by their names, which are their calls where they have none.
func (c *Cloud) Faulted(ctx context.Context, after int) ([]string, error) {
	calls, err := c.Calls(ctx, "", after)
	if err != nil {
		return nil, err
	}
	var rules []string
	for _, call := range calls {
		if call.Fault != "" {
			rules = append(rules, call.Fault)
		}
	}
	return rules, nil
}

// Permissions are what a caller needed of its policies so far, and missed.
type Permissions struct {
	Role      string `json:"role"`
	AccessKey string `json:"accessKey"`
	// Refusals are the first calls that the policies did not allow.
	Refusals []struct {
		Call     string `json:"call"`
		Action   string `json:"action"`
		Resource string `json:"resource"`
	} `json:"refusals"`
	// Unused are the grants that no call needed.
	Unused []string `json:"unused"`
}

// Permissions returns what the policies of each caller were needed for.
func (c *Cloud) Permissions(ctx context.Context) ([]Permissions, error) {
	return read[[]Permissions](ctx, c, "/v1/permissions")
}

// Join is what became of a machine's boot.
type Join struct {
	// Reason says why it did not join, Trouble why its node could not be written yet.
	Reason  string `json:"reason"`
	Trouble string `json:"trouble"`
	Node    *struct {
		Machine struct {
			NodeName, ProviderID, Address, Type, Zone string
			UserData                                  []byte
		}
		MaxPods int
	} `json:"node"`
}

// Joins returns what became of the boot of machines, by the cloud's names of them.
func (c *Cloud) Joins(ctx context.Context) (map[string]Join, error) {
	return read[map[string]Join](ctx, c, "/v1/joins")
}

// State returns the figures of the account.
func (c *Cloud) State(ctx context.Context) (map[string]any, error) {
	return read[map[string]any](ctx, c, "/v1/state")
}

// read returns what the cloud tells on a path.
func read[T any](ctx context.Context, c *Cloud, path string) (T, error) {
	var told T
	body, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return told, err
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return told, fmt.Errorf("read what the simulated cloud says of %s: %w", path, err)
	}
	return told, nil
}

func (c *Cloud) send(ctx context.Context, method, path string, body any) error {
	_, err := c.do(ctx, method, path, body)
	return err
}

func (c *Cloud) do(ctx context.Context, method, path string, body any) ([]byte, error) {
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			return nil, fmt.Errorf("write the body of %s: %w", path, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, &content)
	if err != nil {
		return nil, fmt.Errorf("ask the simulated cloud: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the simulated cloud: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("ask the simulated cloud: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("the simulated cloud refuses %s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(text))
	}
	return text, nil
}
