// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEnds starts the binary where it has to end at once.
func TestEnds(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	unreachable := "KUBECONFIG=" + filepath.Join("testdata", "unreachable.yaml")
	tests := []struct {
		name  string
		args  []string
		set   []string
		ok    bool
		wants []string
	}{
		{"OPS-002: help", []string{"--help"}, nil, true, []string{"karpenter-fake", "--metrics-port", "--fake-greeting", "$FAKE_GREETING", "--version"}},
		{"OPS-002: which build", []string{"--version"}, nil, true, []string{"karpenter-fake 1.2.3"}},
		{"OPS-002: an unknown flag", []string{"--metric-port=1"}, nil, false, []string{"metric-port", "see --help"}},
		{"OPS-007: an option that is not valid", []string{"--log-level=warn"}, nil, false, []string{"--log-level", `"warn"`, "see --help"}},
		{"OPS-024: a sink that cannot be opened", nil, []string{"LOG_OUTPUT_PATHS=" + nowhere + "/log"}, false, []string{nowhere}},
		{"OPS-046: a file that is not there", nil, []string{"KUBECONFIG=" + nowhere}, false, []string{nowhere, "does not exist"}},
		{"OPS-040: a gate that is not known", nil, []string{"KUBECONFIG=" + nowhere, "FEATURE_GATES=Drift=true"}, false, []string{`feature gate \"Drift\" is not known`}},
		{"OPS-046: no cluster at all", nil, nil, false, []string{".kube/config"}},
		{"OPS-046: there is no flag for it", []string{"--kubeconfig=" + nowhere}, nil, false, []string{"kubeconfig"}},
		{"OPS-057: no namespace", nil, []string{unreachable}, false, []string{"--leader-election-namespace"}},
		{"OPS-017: without election the namespace does not matter", nil, []string{unreachable, "DISABLE_LEADER_ELECTION=true"}, false, []string{"connection refused"}},
		{"OPS-005: a warning in the log", nil, []string{"KUBECONFIG=" + nowhere, "METRICS_PORT=x"}, false, []string{"METRICS_PORT"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := run(t, tt.args, tt.set...)
			if code := b.Exit(t, 20*time.Second); (code == 0) != tt.ok {
				t.Errorf("exit code %d", code)
			}
			for _, want := range tt.wants {
				if !strings.Contains(b.Printed(), want) {
					t.Errorf("%q is missing in\n%s", want, b.Printed())
				}
			}
		})
	}
}

// asked is a cluster that notes the user agents of those who ask it.
type asked struct{ agents chan string }

// newAsked starts one and writes a file that leads to it.
func newAsked(t *testing.T, kubeconfig string) asked {
	t.Helper()
	a := asked{make(chan string, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { a.agents <- r.UserAgent() }))
	t.Cleanup(server.Close)
	text, err := os.ReadFile(filepath.Join("testdata", "unreachable.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(kubeconfig), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kubeconfig, []byte(strings.Replace(string(text), "http://localhost:1", server.URL, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// OPS-047
func TestUserAgent(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	cluster := newAsked(t, kubeconfig)
	run(t, nil, "KUBECONFIG="+kubeconfig, "DISABLE_LEADER_ELECTION=true")
	select {
	case agent := <-cluster.agents:
		if agent != "karpenter/1.2.3" {
			t.Errorf("user agent %q", agent)
		}
	case <-time.After(10 * time.Second):
		t.Error("the cluster was not asked")
	}
}

// OPS-046: which of several clusters is asked.
func TestWhichCluster(t *testing.T) {
	home, kubeconfig := t.TempDir(), filepath.Join(t.TempDir(), "kubeconfig")
	ofHome, ofVariable := newAsked(t, filepath.Join(home, ".kube", "config")), newAsked(t, kubeconfig)
	const pod = "KUBERNETES_SERVICE_HOST=localhost"
	tests := []struct {
		name  string
		set   []string
		asked asked
		says  string
	}{
		{"the file in the home directory", nil, ofHome, ""},
		{"the variable comes before all", []string{"KUBECONFIG=" + kubeconfig, pod, "KUBERNETES_SERVICE_PORT=1"}, ofVariable, ""},
		{"the pod's credentials, even if they are broken, before the home directory", []string{pod, "KUBERNETES_SERVICE_PORT=1"}, asked{}, "reading the credentials of the pod"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := run(t, nil, append(tt.set, "HOME="+home, "DISABLE_LEADER_ELECTION=true")...)
			if tt.says != "" {
				if code := b.Exit(t, 20*time.Second); code == 0 || !strings.Contains(b.Printed(), tt.says) {
					t.Errorf("exit code %d", code)
				}
				return
			}
			select {
			case <-tt.asked.agents:
			case <-time.After(20 * time.Second):
				t.Error("the cluster was not asked")
			}
		})
	}
}
