// SPDX-License-Identifier: Apache-2.0

package management_test

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/management"
	"karpenter.sh/providers/clusterapi/options"
)

// server is a management cluster that prefers the first of some versions, and lets in who
// has the token.
func server(t *testing.T, versions ...string) (url, authority string) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path != "/apis/cluster.x-k8s.io" || len(versions) == 0 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		var list []string
		for _, version := range versions {
			list = append(list, fmt.Sprintf(`{"groupVersion":"cluster.x-k8s.io/%s","version":%q}`, version, version))
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"kind":"APIGroup","apiVersion":"v1","name":"cluster.x-k8s.io","versions":[%s],"preferredVersion":%s}`, strings.Join(list, ","), list[0])
	}))
	t.Cleanup(s.Close)
	return s.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func kubeconfig(url, authority, token string) string {
	return fmt.Sprintf(`{"clusters":[{"name":"c","cluster":{"server":%q,"certificate-authority-data":%q}}],"users":[{"name":"u","user":{"token":%q}}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],"current-context":"x"}`,
		url, base64.StdEncoding.EncodeToString([]byte(authority)), token)
}

// CAPI-008: the kubeconfig goes before the URL, and that before the workload cluster.
func TestConnect(t *testing.T) {
	url, authority := server(t, "v1beta1", "v1beta2")
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(kubeconfig(url, authority, "secret")), 0o600); err != nil {
		t.Fatal(err)
	}
	workload := &rest.Config{Host: url, BearerToken: "secret", TLSClientConfig: rest.TLSClientConfig{CAData: []byte(authority)}}
	for reason, tc := range map[string]struct {
		settings options.Options
		joined   bool
	}{
		"nothing is set":       {options.Options{}, true},
		"a URL":                {options.Options{URL: url, Token: "secret", CertificateAuthority: authority}, false},
		"a URL of anybody":     {options.Options{URL: url, Token: "secret", SkipTLSVerify: true}, false},
		"a file":               {options.Options{Kubeconfig: file}, false},
		"a file and a bad URL": {options.Options{Kubeconfig: file, URL: "https://127.0.0.1:1"}, false},
	} {
		t.Run(reason, func(t *testing.T) {
			got, err := management.Connect(tc.settings, workload)
			if err != nil || got.Joined != tc.joined || (got.Config == workload) != tc.joined {
				t.Fatalf("got %+v, %v", got, err)
			}
			if version := open(t, got.Config).Version(); version != "v1beta1" { // not the one that is guessed
				t.Errorf("it speaks %s", version)
			}
		})
	}
}

// CAPI-009: a token file that the kubeconfig names is read again while the process runs, and
// its renewal ends nothing.
func TestRenewedTokenFile(t *testing.T) {
	_, authority := server(t)
	directory := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("kubeconfig", strings.Replace(kubeconfig("https://host", authority, "token"), `"token":`, `"tokenFile":`, 1))
	synctest.Test(t, func(t *testing.T) {
		write("token", "old")
		c, err := management.Connect(options.Options{Kubeconfig: filepath.Join(directory, "kubeconfig")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var shown string
		c.Config.Wrap(func(http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				shown = r.Header.Get("Authorization")
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
			})
		})
		api, err := rest.HTTPClientFor(c.Config)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{"old", "new"} {
			write("token", token)
			time.Sleep(time.Minute)
			if _, err := api.Get(c.Config.Host); err != nil || shown != "Bearer "+token || c.Outdated() {
				t.Errorf("%q is shown, not %s: %v, outdated %t", shown, token, err, c.Outdated())
			}
		}
	})
}

// CAPI-008: what cannot be right is told, and the token is not.
func TestConnectNot(t *testing.T) {
	_, authority := server(t)
	for reason, settings := range map[string]options.Options{
		"no such file":            {Token: "secret", Kubeconfig: filepath.Join(t.TempDir(), "none")},
		"an authority and none":   {Token: "secret", URL: "https://host", CertificateAuthority: authority, SkipTLSVerify: true},
		"an authority that isn't": {Token: "secret", URL: "https://host", CertificateAuthority: "x"},
	} {
		if got, err := management.Connect(settings, &rest.Config{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v, %v", reason, got, err)
		}
	}
	if _, err := management.Connect(options.Options{SkipTLSVerify: true, CertificateAuthority: authority}, nil); !errors.Is(err, management.ErrSettings) {
		t.Errorf("got %v", err)
	}
}

// CAPI-007, CAPI-009, CAPI-121: the version that is preferred is spoken; who cannot tell one
// is spoken to in the newest, and not ready for a reason.
func TestVersion(t *testing.T) {
	filling := func(err error) bool { return errors.Is(err, management.ErrFilling) }
	for reason, tc := range map[string]struct {
		versions []string
		token    string
		want     string
		why      func(error) bool
	}{
		"the older one":          {[]string{"v1beta1"}, "secret", "v1beta1", filling},
		"the older is preferred": {[]string{"v1beta1", "v1beta2"}, "secret", "v1beta1", filling},
		"neither":                {[]string{"v1"}, "secret", "v1beta2", func(err error) bool { return errors.Is(err, capi.ErrNotServed) }},
		"no Cluster API":         {nil, "secret", "v1beta2", apierrors.IsNotFound},
		"it lets nobody in":      {[]string{"v1beta2"}, "wrong", "v1beta2", apierrors.IsUnauthorized},
	} {
		t.Run(reason, func(t *testing.T) {
			url, authority := server(t, tc.versions...)
			c, err := management.Connect(options.Options{URL: url, Token: tc.token, CertificateAuthority: authority}, nil)
			if err != nil {
				t.Fatal(err)
			}
			o := open(t, c.Config)
			if err := o.Ready(nil); o.Version() != tc.want || !tc.why(err) {
				t.Errorf("it speaks %s, and is not ready for %v", o.Version(), err)
			}
		})
	}
}
