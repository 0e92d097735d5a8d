// SPDX-License-Identifier: Apache-2.0

// Package simtest serves simulated Proxmox VE clusters to tests, over TLS, by a clock that
// goes as fast as it is waited for.
//
// Start reading at [Start].
package simtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"karpenter.sh/providers/proxmox/pve"
	"karpenter.sh/test/cloudsim/proxmox"
	"karpenter.sh/test/cloudsim/proxmox/schema"
	"karpenter.sh/test/cloudsim/serve"
)

// The default region and those who may call there.
const (
	Region      = "r1"
	TokenID     = "root@pam!test"
	TokenSecret = "11111111-2222-3333-4444-555555555555"
)

// World is clusters that are served.
type World struct {
	Cloud *proxmox.Cloud
	// Clock is virtual: whoever waits by it lets it go on.
	Clock *Clock
	// URL is where, without the region.
	URL string
	// RootCAs trust the server.
	RootCAs *x509.CertPool
}

// Start serves clusters until the test ends. change, which may be nil, changes what they
// are.
func Start(t testing.TB, change func(*proxmox.Options)) *World {
	t.Helper()
	c := &Clock{FakeClock: testclock.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	o := proxmox.Options{Setup: proxmox.DefaultSetup(Region), Clock: c, Seed: 1, API: published(t)}
	if change != nil {
		change(&o)
	}
	cloud, err := proxmox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := serve.NewAuthority(time.Now()) //nolint:forbidigo // TLS has no other clock
	if err != nil {
		t.Fatal(err)
	}
	server, err := serve.Start(0, cloud, authority)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)
	return &World{Cloud: cloud, Clock: c, URL: server.URL, RootCAs: roots}
}

// Client calls a region with the token of the default setup.
func (w *World) Client(region string) *pve.Client {
	return w.As(region, pve.Credentials{TokenID: TokenID, TokenSecret: TokenSecret})
}

// As calls a region as somebody.
func (w *World) As(region string, who pve.Credentials) *pve.Client {
	return pve.New(pve.Connection{
		URL: w.URL + "/" + region + "/api2/json", RootCAs: w.RootCAs, Clock: w.Clock,
		Credentials: func() (pve.Credentials, error) { return who, nil },
	})
}

// Begin makes a call that starts a task, as somebody who does not wait for it.
func (w *World) Begin(t testing.TB, region, path string, parameters url.Values) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/"+region+"/api2/json"+path, strings.NewReader(parameters.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "PVEAPIToken="+TokenID+"="+TokenSecret)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.RootCAs, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // the status tells
	if response.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s", path, response.Status)
	}
}

// published is the description that Proxmox VE publishes of its API, if it is at hand;
// nil: the stand-in does.
func published(t testing.TB) *schema.API {
	t.Helper()
	path := os.Getenv("PVE_API")
	if path == "" {
		path = filepath.Join(root(t), "..", "shared", "data", "pve_api.json")
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

// root is the repository's root: where go.work is.
func root(t testing.TB) string {
	t.Helper()
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.work")); err == nil || at == filepath.Dir(at) {
			return at
		}
		at = filepath.Dir(at)
	}
}
