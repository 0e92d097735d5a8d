// SPDX-License-Identifier: Apache-2.0

package simcloud

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// ErrNoCaller says that the account has no identity of that role.
var ErrNoCaller = errors.New("the account has no such identity")

// Caller calls the cloud as somebody else than the controller does.
type Caller struct {
	client           *http.Client
	url, region, key string
}

// As returns a caller with the access key of a role.
func (c *Cloud) As(ctx context.Context, role string) (*Caller, error) {
	who, err := c.Permissions(ctx)
	if err != nil {
		return nil, err
	}
	caller := &Caller{url: c.env["AWS_ENDPOINT_URL"], region: c.env["AWS_REGION"]}
	for _, p := range who {
		if p.Role == role {
			caller.key = p.AccessKey
		}
	}
	if caller.key == "" {
		return nil, fmt.Errorf("call the simulated cloud as %q: %w", role, ErrNoCaller)
	}
	authority, err := os.ReadFile(c.env["AWS_CA_BUNDLE"])
	if err != nil {
		return nil, fmt.Errorf("call the simulated cloud: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	caller.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	return caller, nil
}

// versions are those of the services that speak the query protocol.
func versions() map[string]string {
	return map[string]string{"ec2": "2016-11-15", "iam": "2010-05-08"}
}

// Query makes a call in the query protocol, and reads the answer's XML into what is
// given; nil: it is dropped. Signatures are not checked: the key says who calls.
func (c *Caller) Query(ctx context.Context, service, action string, parameters url.Values, into any) error {
	form := url.Values{"Action": {action}, "Version": {versions()[service]}}
	for name, values := range parameters {
		form[name] = values
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("%s %s: %w", service, action, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=00", c.key, c.region, service))
	response, err := c.client.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", service, action, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", service, action, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s: %s", service, action, response.Status, bytes.TrimSpace(body))
	}
	if into == nil {
		return nil
	}
	if err := xml.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s %s: read the answer: %w", service, action, err)
	}
	return nil
}
