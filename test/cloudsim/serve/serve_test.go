// SPDX-License-Identifier: Apache-2.0

package serve_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/serve"
)

// SIM-001
func TestServesOverTLS(t *testing.T) {
	authority, err := serve.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var protocol int
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { protocol = r.ProtoMajor })
	server, err := serve.Start(0, handler, authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority.PEM)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if protocol != 2 || !strings.HasPrefix(server.URL, "https://127.0.0.1:") {
		t.Errorf("HTTP/%d at %s", protocol, server.URL)
	}
	if _, err := http.Get(server.URL); err == nil {
		t.Error("a client that does not know the authority is served")
	}
	port, err := strconv.Atoi(server.URL[strings.LastIndex(server.URL, ":")+1:])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := serve.Start(port, handler, nil); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a port that is in use: %v", err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}
