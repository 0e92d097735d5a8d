// SPDX-License-Identifier: Apache-2.0

package judge_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	kubelet "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"
)

// nodeadm builds the program, in the version that go.mod names.
func nodeadm(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nodeadm")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/awslabs/amazon-eks-ami/nodeadm/cmd/nodeadm").CombinedOutput()
	if err != nil {
		t.Fatalf("building nodeadm: %v: %s", err, out)
	}
	return path
}

// metadata is the metadata service of a machine with user data; it returns its
// address.
func metadata(t *testing.T, userData []byte) string {
	t.Helper()
	answers := map[string][]byte{
		"/latest/user-data":                          userData,
		"/latest/dynamic/instance-identity/document": []byte(`{"instanceId": "i-0", "region": "us-east-1", "instanceType": "m5.large", "availabilityZone": "us-east-1a"}`),
		"/latest/meta-data/mac":                      []byte("02:00:00:00:00:01"),
		"/latest/meta-data/services/domain":          []byte("amazonaws.com"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
			_, _ = w.Write([]byte("token"))
			return
		}
		answer, there := answers[r.URL.Path]
		if !there {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// run runs the program on a machine with user data and returns its log.
func run(t *testing.T, program string, userData []byte, arguments ...string) ([]map[string]any, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Env = append(os.Environ(), "AWS_EC2_METADATA_SERVICE_ENDPOINT="+metadata(t, userData), "NO_PROXY=127.0.0.1")
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	failed := command.Run()
	var lines []map[string]any
	for line := range strings.Lines(out.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err == nil {
			lines = append(lines, entry)
		}
	}
	return lines, failed
}

// find returns the line of a log with a message.
func find(lines []map[string]any, message string) map[string]any {
	for _, line := range lines {
		if line["msg"] == message {
			return line
		}
	}
	return nil
}

// TestNodeadm is AWS-164 and AWS-424.
func TestNodeadm(t *testing.T) {
	program := nodeadm(t)
	t.Run("golden files", func(t *testing.T) { goldenFiles(t, program) })
	t.Run("what it refuses", func(t *testing.T) { refused(t, program) })
}

// goldenFiles checks that nodeadm reads each golden file of AL2023, finds it valid,
// and comes to the cluster and the settings that were meant, over those of the
// user's own NodeConfigs.
func goldenFiles(t *testing.T, program string) {
	paths, err := filepath.Glob("../testdata/al2023-*.golden")
	if err != nil || len(paths) < 12 {
		t.Fatalf("golden files %v, %v", paths, err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".golden")
		t.Run(name, func(t *testing.T) {
			userData, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if lines, err := run(t, program, userData, "config", "check"); err != nil {
				t.Fatalf("%v: %v", err, lines)
			}
			if os.Getuid() != 0 {
				t.Skip("nodeadm tells what it read only to root: the values are not judged")
			}
			// Without systemd it fails once all that is of interest is over.
			lines, _ := run(t, program, userData, "init", "--skip", "config", "--skip", "run")
			if find(lines, "Creating daemon manager..") == nil {
				t.Fatalf("it did not get past the validation: %v", lines)
			}
			config, _ := find(lines, "Loaded configuration")["config"].(map[string]any)
			compare(t, config["spec"], name)
		})
	}
}

// compare checks a merged NodeConfig against what the name of its file stands for.
func compare(t *testing.T, got any, name string) {
	t.Helper()
	spec, _ := got.(map[string]any)
	options, _ := spec["kubelet"].(map[string]any)
	strict(t, options["config"])
	for key, want := range expected(t, name) {
		if !reflect.DeepEqual(spec[key], want) {
			t.Errorf("%s is\n%v\nwant\n%v", key, spec[key], want)
		}
	}
}

// strict lets the kubelet's own types judge a configuration.
func strict(t *testing.T, config any) {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, &kubelet.KubeletConfiguration{}); err != nil {
		t.Error(err)
	}
}

func expected(t *testing.T, name string) map[string]any {
	t.Helper()
	out := parsed(t, `{
		"cluster": {"name": "invented", "apiServerEndpoint": "https://0123456789ABCDEF.gr7.us-east-1.eks.example.com",
			"certificateAuthority": "aW52ZW50ZWQ=", "cidr": "10.100.0.0/16"},
		"containerd": {}, "instance": {"localStorage": {}},
		"kubelet": {
			"config": {"clusterDNS": ["10.100.0.10"], "maxPods": 58, "registerWithTaints": [
				{"key": "example.com/gpu", "value": "yes", "effect": "NoSchedule"}, {"key": "example.com/gpu", "value": "yes", "effect": "NoExecute"},
				{"key": "cilium.io/not-ready", "effect": "NoExecute"}, {"key": "karpenter.sh/unregistered", "effect": "NoExecute"}]},
			"flags": ["--node-labels=\"empty=,example.com/team=a,karpenter.sh/capacity-type=spot,karpenter.sh/do-not-sync-taints=true,karpenter.sh/nodepool=default,topology.k8s.aws/zone-id=use1-az1\""]}}`)
	options := out["kubelet"].(map[string]any)
	config := options["config"].(map[string]any)
	user := func(text string) {
		for key, value := range parsed(t, text) {
			config[key] = value
		}
	}
	if strings.HasSuffix(name, "-ipv6") {
		out["cluster"].(map[string]any)["cidr"] = "fd30:1c53:5f8a::/108"
		user(`{"clusterDNS": ["fd30:1c53:5f8a::a"]}`)
	}
	switch {
	case strings.Contains(name, "-nodeconfig-"):
		user(`{"podPidsLimit": 8192}`)
		out["containerd"] = parsed(t, `{"config": "version = 2\n"}`)
	case strings.Contains(name, "-yaml-"):
		user(`{"serializeImagePulls": true}`)
	case strings.HasSuffix(name, "-cpus"):
		user(`{"reservedSystemCPUs": "0-1", "kubeReservedCgroup": "", "systemReservedCgroup": ""}`)
	case strings.HasSuffix(name, "-raid0"):
		out["instance"] = parsed(t, `{"localStorage": {"strategy": "RAID0"}}`)
	case strings.HasSuffix(name, "-kubelet"):
		user(`{"clusterDNS": ["10.0.100.10"], "maxPods": 42, "podsPerCore": 20, "cpuCFSQuota": false,
			"systemReserved": {"cpu": "100m", "memory": "200Mi"}, "kubeReserved": {"memory": "500Mi", "pid": "1k"},
			"evictionHard": {"memory.available": "5%", "nodefs.available": "10%"},
			"evictionSoft": {"memory.available": "10%", "nodefs.available": "15%"},
			"evictionSoftGracePeriod": {"memory.available": "1m30s", "nodefs.available": "2m"}, "evictionMaxPodGracePeriod": 60,
			"imageGCHighThresholdPercent": 80, "imageGCLowThresholdPercent": 70}`)
	}
	if strings.Contains(name, "-nodeconfig-") || strings.Contains(name, "-yaml-") {
		options["flags"] = append([]any{"--v=4"}, options["flags"].([]any)...)
	}
	return out
}

func parsed(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// refused shows that the judge can tell: user data without a NodeConfig, and one that
// nodeadm cannot read, do not pass.
func refused(t *testing.T, program string) {
	for name, userData := range map[string]string{
		"no NodeConfig": "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n\n--//--\n",
		"another kind":  "apiVersion: node.eks.aws/v1alpha1\nkind: Pod\n",
		"no YAML":       "apiVersion: node.eks.aws/v1alpha1\nkind: [\n",
	} {
		t.Run(name, func(t *testing.T) {
			if lines, err := run(t, program, []byte(userData), "config", "check"); err == nil {
				t.Errorf("it passed: %v", lines)
			}
		})
	}
}
