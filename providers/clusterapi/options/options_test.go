// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"encoding/base64"
	"encoding/pem"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	core "karpenter.sh/core/operator/options"
	"karpenter.sh/providers/clusterapi/options"
)

// certificate is one in PEM.
func certificate(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

// Section 2 of the chapter: names, defaults, and the flag before the environment.
func TestSettings(t *testing.T) {
	ca := certificate(t)
	for _, c := range []struct {
		flag, inEnv, inFlag string
		set                 func(*options.Options)
	}{
		{"cluster-api-kubeconfig", "a", "b", func(o *options.Options) { o.Kubeconfig = "b" }},
		{"cluster-api-url", "https://a", "https://b:6443", func(o *options.Options) { o.URL = "https://b:6443" }},
		{"cluster-api-token", "a", "b", func(o *options.Options) { o.Token = "b" }},
		{"cluster-api-certificate-authority-data", "", ca, func(o *options.Options) { o.CertificateAuthority = ca }},
		{"cluster-api-skip-tls-verify", "false", "true", func(o *options.Options) { o.SkipTLSVerify = true }},
		{"cluster-api-cluster-name", "a", "b", func(o *options.Options) { o.ClusterName = "b" }},
		{"cluster-api-launch-timeout", "7m", "14m", func(o *options.Options) { o.LaunchTimeout = 14 * time.Minute }},
		{"cluster-api-namespace", "a", "b", func(o *options.Options) { o.Namespace = "b" }},
	} {
		want := options.Options{LaunchTimeout: 5 * time.Minute}
		c.set(&want)
		env := strings.ToUpper(strings.ReplaceAll(c.flag, "-", "_"))
		for _, in := range []core.Input{
			{Args: []string{"--" + c.flag + "=" + c.inFlag}, Environ: []string{env + "=" + c.inEnv}},
			{Environ: []string{env + "=" + c.inFlag}},
		} {
			var got options.Options
			in.Declare = got.Declare
			if _, err := core.Parse(in); err != nil || got != want {
				t.Errorf("%s: %v\n%s", c.flag, err, cmp.Diff(want, got))
			}
		}
	}
	var none options.Options
	if _, err := core.Parse(core.Input{Declare: none.Declare}); err != nil || none != (options.Options{LaunchTimeout: 5 * time.Minute}) {
		t.Errorf("the defaults: %+v, %v", none, err)
	}
}

// CAPI-008: what cannot be right ends the process, and does not tell the token.
func TestViolations(t *testing.T) {
	for flag, value := range map[string]string{
		"cluster-api-url": "host/path", "cluster-api-certificate-authority-data": "-----BEGIN", "cluster-api-skip-tls-verify": "maybe",
		"cluster-api-launch-timeout": "4m59s",
	} {
		var o options.Options
		_, err := core.Parse(core.Input{Args: []string{"--cluster-api-token=secret", "--" + flag + "=" + value}, Declare: o.Declare})
		if err == nil || !strings.Contains(err.Error(), "--"+flag) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", flag, err)
		}
	}
}

// The authority is PEM, or PEM in base64.
func TestAuthority(t *testing.T) {
	ca := certificate(t)
	for reason, text := range map[string]string{"PEM": ca, "base64": base64.StdEncoding.EncodeToString([]byte(ca))} {
		if got, err := options.Authority(text); err != nil || string(got) != ca {
			t.Errorf("%s: %q, %v", reason, got, err)
		}
	}
	if got, err := options.Authority(""); got != nil || err != nil {
		t.Errorf("none: %q, %v", got, err)
	}
}
