// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"karpenter.sh/test/cloudsim/proxmox"
	"karpenter.sh/test/cloudsim/proxmox/schema"
	"karpenter.sh/test/cloudsim/serve"
)

const region = "r1"

// world is clusters that are served, and somebody who calls them.
type world struct {
	*testing.T
	cloud *proxmox.Cloud
	clock *testclock.FakeClock
	http  *http.Client
	url   string
	token string
}

// start serves clusters over TLS. change may be nil.
func start(t *testing.T, change func(*proxmox.Options)) *world {
	t.Helper()
	w := &world{T: t, clock: testclock.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), token: "root@pam!test=11111111-2222-3333-4444-555555555555"}
	o := proxmox.Options{Setup: proxmox.DefaultSetup(region), Clock: w.clock, Seed: 1, API: published(t)}
	if change != nil {
		change(&o)
	}
	var err error
	if w.cloud, err = proxmox.New(o); err != nil {
		t.Fatal(err)
	}
	authority, err := serve.NewAuthority(time.Now()) //nolint:forbidigo // TLS has no other clock
	if err != nil {
		t.Fatal(err)
	}
	server, err := serve.Start(0, w.cloud, authority)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority.PEM)
	w.http = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	w.url = server.URL + "/" + region + "/api2/json"
	return w
}

// published is the description that Proxmox VE publishes, if it is at hand; nil: the
// stand-in does.
func published(t *testing.T) *schema.API {
	t.Helper()
	path := os.Getenv("PVE_API")
	if path == "" {
		path = filepath.Join("..", "..", "..", "..", "shared", "data", "pve_api.json")
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	api, err := schema.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// reply is an answer.
type reply struct {
	Status  string // "500 VM is locked (clone)"
	Data    any
	Errors  map[string]string
	Message string
}

// object and list are the answer's data.
func (r reply) object() map[string]any { o, _ := r.Data.(map[string]any); return o }
func (r reply) list() []any            { l, _ := r.Data.([]any); return l }

// call calls "POST /path" with "a=b&c=d".
func (w *world) call(call, parameters string) reply {
	w.Helper()
	method, path, _ := strings.Cut(call, " ")
	parameters = strings.ReplaceAll(parameters, ";", "%3B")
	var body io.Reader
	if method == http.MethodGet || method == http.MethodDelete {
		path += "?" + parameters
	} else {
		body = strings.NewReader(parameters)
	}
	request, err := http.NewRequestWithContext(w.Context(), method, w.url+path, body)
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.send(request)
}

func (w *world) send(request *http.Request) reply {
	w.Helper()
	if w.token != "" {
		request.Header.Set("Authorization", "PVEAPIToken="+w.token)
	}
	response, err := w.http.Do(request)
	if err != nil {
		return reply{Status: "cut: " + err.Error()}
	}
	defer func() { _ = response.Body.Close() }()
	out := reply{Status: response.Status}
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		w.Fatalf("%s: %v", response.Status, err)
	}
	return out
}

// upload sends a file.
func (w *world) upload(path string, fields [][2]string, name string, content []byte) reply {
	w.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range fields {
		if err := form.WriteField(field[0], field[1]); err != nil {
			w.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("filename", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err := errors.Join(err, form.Close()); err != nil {
		w.Fatal(err)
	}
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.url+path, &body)
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	return w.send(request)
}

// must calls, waits for the task if there is one, and fails unless all went well.
func (w *world) must(call, parameters string) reply {
	w.Helper()
	if status, out := w.try(call, parameters); status != "OK" {
		w.Fatalf("%s %s: %s", call, parameters, status)
	} else {
		return out
	}
	return reply{}
}

// try calls, and tells how it ended: "OK", the status, or how its task ended.
func (w *world) try(call, parameters string) (string, reply) {
	w.Helper()
	out := w.call(call, parameters)
	if !strings.HasPrefix(out.Status, "200") {
		return out.Status, out
	}
	if upid, ok := out.Data.(string); ok && strings.HasPrefix(upid, "UPID:") {
		return w.wait(upid), out
	}
	return "OK", out
}

// wait lets time go by until a task has ended.
func (w *world) wait(upid string) string {
	w.Helper()
	for range 200 {
		status := w.call("GET /nodes/"+strings.Split(upid, ":")[1]+"/tasks/"+url.PathEscape(upid)+"/status", "")
		if !strings.HasPrefix(status.Status, "200") {
			return status.Status
		}
		if status.object()["status"] == "stopped" {
			return fmt.Sprint(status.object()["exitstatus"])
		}
		w.clock.Step(500 * time.Millisecond)
	}
	w.Fatalf("%s does not end", upid)
	return ""
}

func (w *world) step(d time.Duration) {
	w.clock.Step(d)
	w.cloud.Settle()
}

// machine is one as the region holds it; false: there is none.
func (w *world) machine(id int) (proxmox.Seen, bool) {
	w.Helper()
	all, err := w.cloud.Machines(region)
	if err != nil {
		w.Fatal(err)
	}
	for _, m := range all {
		if m.ID == id {
			return m, true
		}
	}
	return proxmox.Seen{}, false
}

// volumes are the IDs of all volumes that hold a text.
func (w *world) volumes(with string) []string {
	w.Helper()
	all, err := w.cloud.Volumes(region)
	if err != nil {
		w.Fatal(err)
	}
	var out []string
	for _, id := range all {
		if strings.Contains(id, with) {
			out = append(out, id)
		}
	}
	return out
}
