// SPDX-License-Identifier: Apache-2.0

package pve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/luthermonson/go-proxmox"
	"k8s.io/utils/clock"
)

// userAgent is what requests are known by (PVE-012).
const userAgent = "Karpenter v1.0"

// requestTimeout bounds one request (PVE-012).
const requestTimeout = 30 * time.Second

// Connection says how to reach a cluster.
type Connection struct {
	// URL is that of the API, such as https://host:8006/api2/json.
	URL string
	// Insecure skips the check of the server's certificate.
	Insecure bool
	// RootCAs check it; nil: those of the system.
	RootCAs *x509.CertPool
	// Credentials are asked for before the first call and after one that was refused as
	// unauthorized.
	Credentials func() (Credentials, error)
	// Clock is the time that tasks are waited for by.
	Clock clock.Clock
}

// Client calls a cluster. It is safe for concurrent use.
type Client struct {
	api     *proxmox.Client
	session *session
	clock   clock.Clock
}

// New returns a client. It makes no call.
func New(o Connection) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{
		RootCAs: o.RootCAs, InsecureSkipVerify: o.Insecure, MinVersion: tls.VersionTLS12, //nolint:gosec // the user's wish
	}
	transport.ForceAttemptHTTP2 = false // the API speaks HTTP/1.1, and tells errors in its status line
	plain := &http.Client{Transport: transport, Timeout: requestTimeout}
	base := strings.TrimSuffix(o.URL, "/")
	s := &session{url: base, http: plain, source: o.Credentials, clock: o.Clock}
	return &Client{
		api: proxmox.NewClient(base, proxmox.WithHTTPClient(plain), proxmox.WithUserAgent(userAgent),
			proxmox.WithRequestInterceptor(s.sign)),
		session: s, clock: o.Clock,
	}
}

// parameters are those of a call.
type parameters map[string]any

// get reads into a result.
func (c *Client) get(ctx context.Context, path string, in parameters, out any) error {
	return c.call(ctx, http.MethodGet, path, func() error { return c.api.GetWithParams(ctx, path, in.orNone(), out) })
}

func (c *Client) post(ctx context.Context, path string, in parameters, out any) error {
	return c.call(ctx, http.MethodPost, path, func() error { return c.api.Post(ctx, path, in, out) })
}

func (c *Client) put(ctx context.Context, path string, in parameters, out any) error {
	return c.call(ctx, http.MethodPut, path, func() error { return c.api.Put(ctx, path, in, out) })
}

func (c *Client) delete(ctx context.Context, path string, in parameters, out any) error {
	return c.call(ctx, http.MethodDelete, path, func() error { return c.api.DeleteWithParams(ctx, path, in.orNone(), out) })
}

// orNone is what the module takes for no parameters.
func (p parameters) orNone() any {
	if len(p) == 0 {
		return nil
	}
	return map[string]any(p)
}

// call makes a call, and once more if the credentials that it was refused with have been
// replaced.
func (c *Client) call(ctx context.Context, method, path string, do func() error) error {
	used, err := c.session.ready(ctx)
	if err != nil {
		return err
	}
	err = do()
	if status(err) == http.StatusUnauthorized && c.session.renew(ctx, used) {
		err = do()
	}
	return wrap(method+" "+path, err)
}

// path joins segments, each escaped.
func path(segments ...string) string {
	var out strings.Builder
	for _, s := range segments {
		out.WriteString("/" + url.PathEscape(s))
	}
	return out.String()
}
