// SPDX-License-Identifier: Apache-2.0

package pve_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"karpenter.sh/providers/proxmox/internal/simtest"
	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/proxmox"
)

// template is the default setup's.
var template = pve.Place{Host: "pve1", ID: 9000}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// seen is a machine as the cluster holds it.
func seen(t *testing.T, w *simtest.World, id int) proxmox.Seen {
	t.Helper()
	all, err := w.Cloud.Machines(simtest.Region)
	must(t, err)
	for _, m := range all {
		if m.ID == id {
			return m
		}
	}
	return proxmox.Seen{}
}

// PVE-012, PVE-110: a machine from its clone to its end, over TLS.
func TestMachine(t *testing.T) {
	w := simtest.Start(t, nil)
	c, ctx := w.Client(simtest.Region), t.Context()
	m := pve.Place{Host: "pve2", ID: 20000}
	must(t,
		c.Clone(ctx, template, pve.Clone{ID: m.ID, Name: "n1", Host: m.Host, Storage: "local-lvm", Pool: "karpenter", Description: "a, b"}),
		c.Configure(ctx, m, pve.Change{Set: pve.Options{"cores": "4", "memory": "8192", "tags": "a;b"}}),
		c.Configure(ctx, m, pve.Change{}),
		c.Resize(ctx, m, "scsi0", 30),
		c.UploadISO(ctx, m.Host, "local", "user-data-20000.iso", []byte("medium")),
		c.Configure(ctx, m, pve.Change{Set: pve.Options{"ide2": "local:iso/user-data-20000.iso,media=cdrom"}}),
		c.Start(ctx, m),
	)
	options, err := c.Options(ctx, m)
	must(t, err)
	if options["cores"] != "4" || options["description"] != "a, b" || !strings.HasSuffix(options["scsi0"], ",size=30G") || options["digest"] == "" {
		t.Errorf("got %v", options)
	}
	if state, err := c.State(ctx, m); err != nil || state.Status != "running" {
		t.Errorf("got %+v, %v", state, err)
	}
	machines, err := c.Machines(ctx)
	must(t, err)
	if got := machines[1]; got.ID != m.ID || got.Host != "pve2" || !got.Running() || got.IsTemplate() || got.Pool != "karpenter" ||
		fmt.Sprint(got.Tags()) != "[a b]" || got.MaxMemory != 8<<30 || !machines[0].IsTemplate() {
		t.Errorf("got %+v", machines)
	}
	must(t, c.Stop(ctx, m), c.Stop(ctx, m), c.Delete(ctx, m))
	for range 2 {
		must(t, c.DeleteVolume(ctx, m.Host, "local", "local:iso/user-data-20000.iso"))
	}
	if got := seen(t, w, m.ID); got.ID != 0 {
		t.Errorf("left: %+v", got)
	}
	if _, err := c.Options(ctx, m); !pve.IsGone(err) || pve.IsUnreachable(err) {
		t.Errorf("got %v", err)
	}
	if err := c.Delete(ctx, m); !pve.IsGone(err) {
		t.Errorf("got %v", err)
	}
}

// PVE-025, PVE-110: a template from its image.
func TestTemplate(t *testing.T) {
	w := simtest.Start(t, nil)
	c, ctx := w.Client(simtest.Region), t.Context()
	m := pve.Place{Host: "pve1", ID: 1000}
	must(t,
		c.Download(ctx, "pve1", "local", pve.Download{URL: "https://images.example.com/node.qcow2", Name: "node.qcow2"}),
		c.Create(ctx, m, "karpenter", pve.Options{"name": "t", "scsi0": "file=local-lvm:0,format=raw,import-from=local:import/node.qcow2,iothread=on", "boot": "order=scsi0"}),
		c.MakeTemplate(ctx, m),
	)
	if got := seen(t, w, 1000); !got.Template || got.Pool != "karpenter" || !strings.Contains(got.Options["scsi0"], "size=3G") {
		t.Errorf("got %+v", got)
	}
	content, err := c.Content(ctx, "pve1", "local", "import")
	if err != nil || len(content) != 1 || content[0].ID != "local:import/node.qcow2" {
		t.Errorf("got %v, %v", content, err)
	}
}

// PVE-110: what there is.
func TestInventory(t *testing.T) {
	w := simtest.Start(t, nil)
	c, ctx := w.Client(simtest.Region), t.Context()
	must(t, w.Cloud.SetHostOffline(simtest.Region, "pve2", true))
	hosts, err := c.Hosts(ctx)
	if err != nil || len(hosts) != 2 || !hosts[0].Usable() || hosts[1].Usable() {
		t.Errorf("got %+v, %v", hosts, err)
	}
	must(t, w.Cloud.SetHostMaintenance(simtest.Region, "pve1", true))
	if hosts, err = c.Hosts(ctx); err != nil || hosts[0].Usable() {
		t.Errorf("got %+v, %v", hosts, err)
	}
	storages, err := c.Storages(ctx)
	if err != nil || len(storages) != 6 || storages[0].Name != "ceph" || storages[0].Shared != 1 || !storages[0].Holds("images") || storages[0].Holds("iso") ||
		!storages[0].Available() || storages[3].Available() {
		t.Errorf("got %+v, %v", storages, err)
	}
	status, err := c.HostStatus(ctx, "pve1")
	if err != nil || status.CPU.Cores != 16 || status.CPU.CPUs != 32 || status.CPU.Sockets != 1 || status.Memory.Total != 128<<30 {
		t.Errorf("got %+v, %v", status, err)
	}
	bridges, err := c.Bridges(ctx, "pve1")
	if err != nil || len(bridges) != 1 || bridges[0].CIDR != "10.10.0.11/16" || bridges[0].MTU() != 1500 {
		t.Errorf("got %+v, %v", bridges, err)
	}
	if isos, err := c.StoragesFor(ctx, "pve1", "iso"); err != nil || len(isos) != 1 || isos[0].Name != "local" {
		t.Errorf("got %+v, %v", isos, err)
	}
	for id, free := range map[int]bool{9000: false, 20000: true} {
		if got, err := c.Free(ctx, id); err != nil || got != free {
			t.Errorf("%d is free: %t, %v", id, got, err)
		}
	}
	if _, err := c.HostStatus(ctx, "pve2"); !pve.IsUnreachable(err) || !pve.IsStatus(err, 595) {
		t.Errorf("got %v", err)
	}
	must(t, w.Cloud.SetRegionDown(simtest.Region, true))
	if _, err := c.Hosts(ctx); !pve.IsUnreachable(err) {
		t.Errorf("got %v", err)
	}
}

// PVE-087, PVE-089, PVE-110: firewall and pools.
func TestFirewall(t *testing.T) {
	w := simtest.Start(t, func(o *proxmox.Options) { o.Setup.Regions[0].Pools = []string{"a", "a/b"} })
	c, ctx := w.Client(simtest.Region), t.Context()
	m := pve.Place{Host: "pve1", ID: 20000}
	must(t, c.Clone(ctx, template, pve.Clone{ID: m.ID, Name: "n1", Pool: "a"}),
		c.SetFirewallOptions(ctx, m, pve.Options{"enable": "1", "policy_in": "DROP"}),
		c.AddRule(ctx, m, pve.Rule{Type: "group", Action: "one", Interface: "net0", Enabled: 1}),
		c.AddRule(ctx, m, pve.Rule{Type: "group", Action: "two", Enabled: 1}),
		c.JoinPool(ctx, "a/b", m.ID))
	options, err := c.FirewallOptions(ctx, m)
	if err != nil || options["enable"] != "1" || options["policy_in"] != "DROP" {
		t.Errorf("got %v, %v", options, err)
	}
	rules, err := c.FirewallRules(ctx, m)
	want := []pve.Rule{{Position: 0, Type: "group", Action: "two", Enabled: 1}, {Position: 1, Type: "group", Action: "one", Interface: "net0", Enabled: 1}}
	if err != nil || len(rules) != 2 || rules[0].Digest == "" || rules[0].Digest != rules[1].Digest {
		t.Fatalf("got %+v, %v", rules, err)
	}
	last := rules[0]
	for i := range rules {
		rules[i].Digest = ""
	}
	if fmt.Sprint(rules) != fmt.Sprint(want) {
		t.Errorf("got %+v", rules)
	}
	if got := seen(t, w, m.ID).Pool; got != "a/b" {
		t.Errorf("got %s", got)
	}
	outdated := last
	outdated.Digest = "0"
	if err := c.DeleteRule(ctx, m, outdated); err == nil {
		t.Error("a rule is deleted of rules that have changed")
	}
	must(t, c.DeleteRule(ctx, m, last), c.LeavePool(ctx, "a/b", m.ID))
	if got := seen(t, w, m.ID); got.Pool != "" || len(got.Rules) != 1 || got.Rules[0]["action"] != "one" {
		t.Errorf("got %+v", got)
	}
	if groups, err := c.SecurityGroups(ctx); err != nil || fmt.Sprint(groups) != "[nodes]" {
		t.Errorf("got %v, %v", groups, err)
	}
}

// PVE-012, PVE-064, PVE-066: what went wrong can be told apart.
func TestErrors(t *testing.T) {
	w := simtest.Start(t, func(o *proxmox.Options) { o.Times = map[string]time.Duration{"qmstart": 2 * time.Minute} })
	c, ctx := w.Client(simtest.Region), t.Context()
	m := pve.Place{Host: "pve1", ID: 20000}
	must(t, c.Clone(ctx, template, pve.Clone{ID: m.ID, Name: "n1"}))
	if err := c.Clone(ctx, template, pve.Clone{ID: m.ID, Name: "n1"}); !pve.IsTaken(err) || pve.IsGone(err) {
		t.Errorf("got %v", err)
	}
	if err := c.Configure(ctx, m, pve.Change{Set: pve.Options{"cores": "many"}}); !pve.IsStatus(err, 400) || !strings.Contains(err.Error(), "cores: type check") {
		t.Errorf("got %v", err)
	}
	w.Cloud.Faults().Add(fault.Rule{Call: "POST *config", Times: 1, Within: &fault.Failure{Code: "x", Message: "no space left on device"}})
	var failed *pve.TaskError
	if err := c.Configure(ctx, m, pve.Change{Set: pve.Options{"cores": "2"}}); !errors.As(err, &failed) || failed.Exit != "no space left on device" || pve.IsUnreachable(err) {
		t.Errorf("got %v", err)
	}
	if err := c.Start(ctx, m); !errors.Is(err, pve.ErrTaskTimeout) {
		t.Errorf("got %v", err)
	}
	if err := c.Stop(ctx, m); !pve.IsBusy(err) {
		t.Errorf("got %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Hosts(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// PVE-221: a member of the cluster that does not know a task yet is asked again.
func TestLateTask(t *testing.T) {
	w := simtest.Start(t, nil)
	w.Cloud.Faults().Add(fault.Rule{Call: "GET *tasks/*", Times: 2, Error: &fault.Failure{Code: "x", Message: "no such task"}})
	must(t, w.Client(simtest.Region).Clone(t.Context(), template, pve.Clone{ID: 20000, Name: "n1"}))
}

// PVE-012, PVE-029: a download that nobody waits for any more is stopped, so that no image
// comes afterwards.
func TestDownloadStopped(t *testing.T) {
	for reason, patience := range map[string]time.Duration{"it takes too long": time.Hour, "the caller has gone": 100 * time.Millisecond} {
		t.Run(reason, func(t *testing.T) {
			w := simtest.Start(t, func(o *proxmox.Options) { o.Times = map[string]time.Duration{"download": 40 * time.Minute} })
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			err := w.Client(simtest.Region).Download(ctx, "pve1", "local", pve.Download{URL: "https://images.example.com/node.qcow2", Name: "node.qcow2"})
			if !errors.Is(err, pve.ErrTaskTimeout) || strings.Contains(err.Error(), "stopping") {
				t.Errorf("got %v", err)
			}
			w.Clock.Sleep(time.Hour)
			w.Cloud.Settle()
			volumes, err := w.Cloud.Volumes(simtest.Region)
			must(t, err)
			if slices.ContainsFunc(volumes, func(id string) bool { return strings.Contains(id, "node.qcow2") }) {
				t.Errorf("it comes afterwards: %v", volumes)
			}
		})
	}
}

// PVE-010, PVE-011: passwords become tickets, which are renewed; credentials are read again
// when they were refused.
func TestCredentials(t *testing.T) {
	w := simtest.Start(t, nil)
	who, reads := pve.Credentials{Username: "root@pam", Password: "secret"}, 0
	c := pve.New(pve.Connection{URL: w.URL + "/" + simtest.Region + "/api2/json/", RootCAs: w.RootCAs, Clock: w.Clock, Credentials: func() (pve.Credentials, error) {
		reads++
		return who, nil
	}})
	for _, passes := range []time.Duration{0, 30 * time.Minute, 31 * time.Minute, 5 * time.Hour} {
		w.Clock.Step(passes)
		if _, err := c.Hosts(t.Context()); err != nil {
			t.Fatalf("after %s: %v", passes, err)
		}
	}
	if reads != 3 {
		t.Errorf("credentials were read %d times", reads)
	}
	if root, err := c.Root(t.Context()); err != nil || !root {
		t.Errorf("root: %t, %v", root, err)
	}
	if root, err := w.Client(simtest.Region).Root(t.Context()); err != nil || root {
		t.Errorf("a token is root: %t, %v", root, err)
	}

	token := pve.Credentials{TokenID: simtest.TokenID, TokenSecret: "old"}
	c = pve.New(pve.Connection{URL: w.URL + "/" + simtest.Region + "/api2/json", RootCAs: w.RootCAs, Clock: w.Clock, Credentials: func() (pve.Credentials, error) {
		return token, nil
	}})
	if _, err := c.Hosts(t.Context()); !pve.IsStatus(err, 401) || strings.Contains(err.Error(), "old") {
		t.Errorf("got %v", err)
	}
	token.TokenSecret = simtest.TokenSecret
	if _, err := c.Hosts(t.Context()); err != nil {
		t.Errorf("with other credentials: %v", err)
	}
	c = w.As(simtest.Region, pve.Credentials{Username: "root@pam", Password: "wrong"})
	if _, err := c.Hosts(t.Context()); !pve.IsStatus(err, 401) || strings.Contains(err.Error(), "wrong") {
		t.Errorf("got %v", err)
	}
}

// PVE-011: all who need a ticket wait for one request, each for as long as they have time;
// for a moment nobody asks again for one that was not given.
func TestTicketHangs(t *testing.T) {
	clock, asked := testclock.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), make(chan struct{}, 100)
	answers := make(chan int)
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if !strings.HasSuffix(in.URL.Path, "/access/ticket") {
			_, _ = out.Write([]byte(`{"data":[]}`))
			return
		}
		asked <- struct{}{}
		out.WriteHeader(<-answers)
		_, _ = out.Write([]byte(`{"data":{"ticket":"t","CSRFPreventionToken":"c"}}`))
	}))
	defer server.Close()
	c := pve.New(pve.Connection{URL: server.URL, Clock: clock, Credentials: func() (pve.Credentials, error) {
		return pve.Credentials{Username: "root@pam", Password: "secret"}, nil
	}})
	list := func() error { _, err := c.Hosts(t.Context()); return err }

	failed := make(chan error)
	go func() { failed <- list() }()
	<-asked
	short, end := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer end()
	if _, err := c.Hosts(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	answers <- http.StatusServiceUnavailable
	if err := <-failed; !pve.IsStatus(err, http.StatusServiceUnavailable) {
		t.Errorf("got %v", err)
	}
	if err := list(); !pve.IsStatus(err, http.StatusServiceUnavailable) || len(asked) > 0 {
		t.Errorf("got %v, or asked again at once", err)
	}
	clock.Step(6 * time.Second)
	go func() { failed <- list() }()
	answers <- http.StatusOK
	must(t, <-failed, list())
	if len(asked) != 1 {
		t.Errorf("asked %d times for one ticket", len(asked))
	}
}
