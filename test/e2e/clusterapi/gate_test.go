// SPDX-License-Identifier: Apache-2.0

package clusterapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// gate is a way to an API server that can be shut, that refuses requests, and that hides
// versions of Cluster API as an older one has them.
type gate struct {
	URL string

	mu     sync.Mutex
	shut   bool
	refuse func(*http.Request) bool
	asked  []string // method and path
}

// openGate leads to the API server of a configuration, and speaks for its user. Versions
// of Cluster API that are not named are not served.
func openGate(config *rest.Config, versions ...string) *gate {
	GinkgoHelper()
	target, err := url.Parse(config.Host)
	Expect(err).NotTo(HaveOccurred())
	transport, err := rest.TransportFor(config)
	Expect(err).NotTo(HaveOccurred())
	g := &gate{}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Header.Del("Authorization") },
		Transport:      transport,
		FlushInterval:  -1, // watches
		ModifyResponse: func(r *http.Response) error { return hide(r, versions) },
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch status := g.judge(r); status {
		case http.StatusOK:
			r.Header.Del("Accept-Encoding") // answers are read here
			proxy.ServeHTTP(w, r)
		default:
			w.WriteHeader(status)
		}
	}))
	g.URL = server.URL
	DeferCleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return g
}

func (g *gate) judge(r *http.Request) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, r.Method+" "+r.URL.Path)
	switch {
	case g.shut:
		return http.StatusServiceUnavailable
	case g.refuse != nil && g.refuse(r):
		return http.StatusForbidden
	}
	return http.StatusOK
}

// Shut lets nobody through, or everybody again.
func (g *gate) Shut(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
}

// Refuse answers that a request is forbidden; nil refuses none.
func (g *gate) Refuse(which func(*http.Request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse = which
}

// Asked are the requests so far that contain a text, as method and path.
func (g *gate) Asked(containing string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []string
	for _, asked := range g.asked {
		if strings.Contains(asked, containing) {
			out = append(out, asked)
		}
	}
	return out
}

// hide takes versions out of what an API server says of Cluster API.
func hide(r *http.Response, versions []string) error {
	const path = "/apis/cluster.x-k8s.io"
	if len(versions) == 0 || r.Request.URL.Path != path || r.StatusCode != http.StatusOK {
		return nil
	}
	served := metav1.APIGroup{TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}, Name: path[len("/apis/"):]}
	for _, version := range versions {
		served.Versions = append(served.Versions, metav1.GroupVersionForDiscovery{GroupVersion: served.Name + "/" + version, Version: version})
	}
	served.PreferredVersion = served.Versions[0]
	text, err := json.Marshal(served)
	if err != nil {
		return fmt.Errorf("write the versions of Cluster API: %w", err)
	}
	_ = r.Body.Close()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	r.Header.Set("Content-Type", "application/json")
	return nil
}
