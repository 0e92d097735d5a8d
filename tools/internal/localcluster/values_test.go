// SPDX-License-Identifier: Apache-2.0

package localcluster_test

import (
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"karpenter.sh/tools/internal/localcluster"
)

const arch = runtime.GOARCH

// chartValues are the parts of a chart's values that are looked at.
type chartValues struct {
	Replicas   int
	Settings   map[string]any
	Controller struct {
		Image   struct{ Repository string }
		EnvFrom []struct{ SecretRef struct{ Name string } }
		Env     []struct{ Name, Value string }
	}
}

func readValues(t *testing.T, opts localcluster.UpOptions) chartValues {
	t.Helper()
	content, err := os.ReadFile(opts.ChartValues())
	if err != nil {
		t.Fatal(err)
	}
	return parseValues(t, string(content))
}

func parseValues(t *testing.T, text string) (values chartValues) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// variable is the value of the only variable of that name.
func variable(values chartValues, name string) string {
	var found []string
	for _, v := range values.Controller.Env {
		if v.Name == name {
			found = append(found, v.Value)
		}
	}
	return strings.Join(found, " and ")
}

// OPS-264, OPS-265: a Deployment gets the settings that a process gets, and what the caller
// says wins, once: a name that stands twice is refused.
func TestValues(t *testing.T) {
	lookup := func(name string) (string, bool) { return "Mine=true", name == "FEATURE_GATES" }
	text, err := localcluster.Values("mine", "aws", lookup, []string{"ENABLE_PROFILING=false", "LOG_LEVEL=debug", "LOG_LEVEL=error", "A=b=c"})
	if err != nil {
		t.Fatal(err)
	}
	values := parseValues(t, text)
	for name, want := range map[string]string{"FEATURE_GATES": "Mine=true", "ENABLE_PROFILING": "false", "LOG_LEVEL": "error", "A": "b=c", "SYSTEM_NAMESPACE": "kube-system"} {
		if got := variable(values, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if diff := cmp.Diff(map[string]any{"clusterName": "mine", "interruptionQueue": "mine", "eksControlPlane": true}, values.Settings); diff != "" {
		t.Error(diff)
	}
	if values.Replicas != 1 || values.Controller.Image.Repository != localcluster.Repository("aws") || !strings.Contains(text, `"digest": ""`) || len(values.Controller.EnvFrom) != 1 {
		t.Errorf("values %+v", values)
	}
}

// kind reads one node, whose ports and files are those of the layout; the API server's log
// of requests is where tests look for it.
func TestKindConfiguration(t *testing.T) {
	wanted := localcluster.ConfigurationOptions{
		Layout: localcluster.Layout{Root: "/checkout", Name: "mine"}, Audit: true,
		Ports: localcluster.Ports{APIServer: 1, Metrics: 7, Probe: 8},
	}
	var config struct {
		Networking struct {
			APIServerAddress string `json:"apiServerAddress"`
			APIServerPort    int    `json:"apiServerPort"`
		}
		Nodes []struct {
			ExtraPortMappings []struct {
				ContainerPort, HostPort int
				ListenAddress           string
			}
			ExtraMounts []struct{ HostPath, ContainerPath string }
		}
		KubeadmConfigPatches []string
	}
	text, err := localcluster.KindConfiguration(wanted)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	if config.Networking.APIServerAddress != "127.0.0.1" || config.Networking.APIServerPort != 1 || len(config.Nodes) != 1 {
		t.Fatalf("configuration %+v", config)
	}
	for i, want := range []int{7, 8} {
		if got := config.Nodes[0].ExtraPortMappings[i]; got.HostPort != want || got.ListenAddress != "127.0.0.1" {
			t.Errorf("port %+v, want %d on loopback", got, want)
		}
	}
	var patch struct {
		APIServer struct {
			ExtraArgs    map[string]string
			ExtraVolumes []struct{ HostPath, MountPath string }
		} `json:"apiServer"`
	}
	if err := json.Unmarshal([]byte(config.KubeadmConfigPatches[0]), &patch); err != nil {
		t.Fatal(err)
	}
	node := map[string]string{}
	for _, mount := range config.Nodes[0].ExtraMounts {
		node[mount.ContainerPath] = mount.HostPath
	}
	pod := map[string]string{}
	for _, volume := range patch.APIServer.ExtraVolumes {
		pod[volume.MountPath] = node[volume.HostPath]
	}
	for argument, want := range map[string]string{"audit-policy-file": wanted.Dir() + "/input/audit.json", "audit-log-path": wanted.AuditLog()} {
		dir, file, _ := cutLast(patch.APIServer.ExtraArgs[argument], "/")
		if got := strings.TrimSuffix(pod[dir], "/") + "/" + file; got != want {
			t.Errorf("%s is %s on this machine, want %s", argument, got, want)
		}
	}
	if !strings.Contains(patch.APIServer.ExtraArgs["enable-admission-plugins"], "OwnerReferencesPermissionEnforcement") { // OPS-310
		t.Error("whoever may not block the deletion of an owner can")
	}
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}
