// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/proxmox"
)

// SIM-107: what tests ask of the control API happens.
func TestControl(t *testing.T) {
	w, r := joining(t, func(o *proxmox.Options) {
		o.Setup.Regions[0].Users = append(o.Setup.Regions[0].Users, proxmox.User{
			Name: "a@pve", Grants: []proxmox.Grant{{Path: "/", Privileges: []string{"Sys.Audit"}}}, Tokens: []proxmox.Token{{ID: "t", Secret: "s"}},
		})
	})
	hand := control.Handler(w.cloud)
	do := func(call, body string) (int, string) {
		method, path, _ := strings.Cut(call, " ")
		out := httptest.NewRecorder()
		hand.ServeHTTP(out, httptest.NewRequest(method, path, strings.NewReader(body)))
		return out.Code, strings.TrimSpace(out.Body.String())
	}
	w.machineWith(101, medium(t, "n1", "10.10.0.50"))
	for _, row := range []struct {
		call, body string
		check      func(answer string) bool
	}{
		{"GET /v1/state", "", func(a string) bool { return strings.Contains(a, `"machines":{"stopped":1,"template":1}`) }},
		{"POST /v1/machines/r1:101/start", "", func(string) bool { w.step(boot); return r.told() == "join n1 proxmox://r1/101" }},
		{"GET /v1/joins", "", func(a string) bool { return strings.Contains(a, `"r1:101:2"`) }},
		{"GET /v1/machines", "", func(a string) bool { return strings.Contains(a, `"id":101,"host":"pve1"`) }},
		{"GET /v1/volumes", "", func(a string) bool { return strings.Contains(a, "local:iso/user-data-101.iso@pve1") }},
		{"PUT /v1/migrations", `{"region": "r1", "id": 101, "host": "pve2"}`, func(string) bool { m, _ := w.machine(101); return m.Host == "pve2" }},
		{"POST /v1/machines/r1:101/lose", "", func(string) bool { m, _ := w.machine(101); return m.Running && r.told() == "silence n1" }},
		{"POST /v1/machines/r1:101/stop", "", func(string) bool { m, _ := w.machine(101); return !m.Running }},
		{"POST /v1/machines/r1:101/remove", "", func(string) bool { _, there := w.machine(101); return !there }},
		{"POST /v1/machines", `{"region": "r1", "machine": {"id": 300, "host": "pve1", "running": true}}`, func(string) bool { m, _ := w.machine(300); return m.Running }},
		{"PUT /v1/hosts", `{"region": "r1", "host": "pve1", "offline": false}`, func(string) bool { m, _ := w.machine(300); return m.Running }},
		{"PUT /v1/hosts", `{"region": "r1", "host": "pve1", "offline": true}`, func(string) bool { m, _ := w.machine(300); return !m.Running }},
		{"PUT /v1/hosts", `{"region": "r1", "host": "pve1", "offline": false, "maintenance": true}`, func(string) bool {
			return strings.Contains(w.call("GET /nodes", "").Status, "200")
		}},
		{"PUT /v1/storages", `{"region": "r1", "storage": "ceph", "free": 2}`, func(string) bool {
			status, _ := w.try(clone, "newid=102&full=1")
			return strings.Contains(status, "no space left on device")
		}},
		{"PUT /v1/storages", `{"region": "r1", "storage": "ceph", "free": -1}`, func(string) bool { status, _ := w.try(clone, "newid=102&full=1"); return status == "OK" }},
		{"PUT /v1/tasks", `{"kind": "qmclone", "takes": "1h"}`, func(string) bool {
			w.call(clone, "newid=103&full=1")
			w.step(time.Minute)
			m, _ := w.machine(103)
			return m.Lock == "clone"
		}},
		{"PUT /v1/grants", `{"region": "r1", "user": "a@pve", "grants": []}`, func(string) bool { return w.as("a@pve!t=s", "GET /nodes/pve2/status") == 403 }},
		{"GET /v1/permissions", "", func(a string) bool { return !strings.Contains(a, "GET /nodes/{node}/status") }},
		{"PUT /v1/grants", `{"region": "r1", "user": "a@pve", "grants": null}`, func(string) bool {
			return w.as("a@pve!t=s", "GET /nodes/pve2/status") == 0 && w.as("a@pve!t=s", "POST /nodes/pve1/qemu/9000/status/stop") == 403
		}},
		{"GET /v1/permissions", "", func(a string) bool {
			return strings.Contains(a, `"role":"a@pve"`) && strings.Contains(a, "POST /nodes/{node}/qemu/{vmid}/status/stop")
		}},
		{"PUT /v1/regions", `{"region": "r1", "down": true}`, func(string) bool { return strings.HasPrefix(w.call("GET /nodes", "").Status, "cut") }},
	} {
		if status, answer := do(row.call, row.body); status != http.StatusOK || !row.check(answer) {
			t.Errorf("%s %s: %d %s", row.call, row.body, status, answer)
		}
	}
	for call, row := range map[string]struct {
		body, says string
		status     int
	}{
		"POST /v1/machines/r1:999/stop": {"", "machine r1:999", 404},
		"POST /v1/machines/r1:102/fly":  {"", "no action is called fly: lose, remove, start, stop", 404},
		"PUT /v1/hosts":                 {`{"region": "r1", "host": "pve1"}`, "what is to be changed", 400},
		"PUT /v1/storages":              {`{"region": "r1", "storage": "none", "free": 1}`, "storage none", 404},
		"PUT /v1/regions":               {`{"region": "moon", "down": true}`, "region moon", 404},
		"PUT /v1/tasks":                 {`{"kind": "fly", "takes": "1s"}`, "fly", 404},
		"PUT /v1/grants":                {`{"region": "r1", "colour": "red"}`, "colour", 400},
		"PUT /v1/stock":                 {`{"count": 1}`, "", 404},
	} {
		if status, answer := do(call, row.body); status != row.status || !strings.Contains(answer, row.says) {
			t.Errorf("%s %s: %d %s", call, row.body, status, answer)
		}
	}
}

// as calls as somebody else, and tells the status.
func (w *world) as(token, call string) int {
	w.Helper()
	before := w.token
	defer func() { w.token = before }()
	w.token = token
	status := w.call(call, "").Status
	if strings.HasPrefix(status, "403") {
		return http.StatusForbidden
	}
	return 0
}

// SIM-107: what a local cluster is given: the first token, at each cluster's own path.
func TestFiles(t *testing.T) {
	cloud, err := proxmox.New(proxmox.Options{Setup: proxmox.LocalSetup()})
	if err != nil {
		t.Fatal(err)
	}
	files, err := cloud.Files("https://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"region: east", "url: https://127.0.0.1:1/west/api2/json", "token_id: karpenter@pve!karpenter"} {
		if !strings.Contains(string(files["cloud.yaml"]), want) {
			t.Errorf("no %s in %s", want, files["cloud.yaml"])
		}
	}
	if got := cloud.Env("", "/dir/ca.pem", "")["CLOUD_CONFIG"]; got != "/dir/cloud.yaml" {
		t.Errorf("got %s", got)
	}
}
