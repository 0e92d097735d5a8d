// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// withClusters renders the chart of Proxmox VE with values that say where its clusters are,
// and no others.
func withClusters(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return tryHelm(t, slices.Concat([]string{"template", "karpenter", chart("proxmox", "karpenter"), "--values", "testdata/image.yaml"}, args)...)
}

// inline is the file of clusters as a value.
const inline = `config={"clusters":[{"region":"home","url":"https://pve.example.org:8006/api2/json","token_id":"k@pve!k","token_secret":"s"}]}`

// PVE-113: clusters that stand in a value become a Secret, which the controller reads where
// its variable says.
func TestClustersInValues(t *testing.T) {
	out, err := withClusters(t, "--set-json", inline)
	if err != nil {
		t.Fatal(err)
	}
	all := parse(t, out)
	secret := find[corev1.Secret](t, all, "Secret")
	pods := find[appsv1.Deployment](t, all, "Deployment").Spec.Template.Spec
	volume := slices.IndexFunc(pods.Volumes, func(v corev1.Volume) bool { return v.Secret != nil })
	if volume < 0 || pods.Volumes[volume].Secret.SecretName != secret.Name {
		t.Fatalf("the volumes are %v, the Secret is %s", pods.Volumes, secret.Name)
	}
	item := pods.Volumes[volume].Secret.Items[0]
	mount := slices.IndexFunc(pods.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == pods.Volumes[volume].Name })
	if mount < 0 || !pods.Containers[0].VolumeMounts[mount].ReadOnly {
		t.Fatalf("the mounts are %v", pods.Containers[0].VolumeMounts)
	}
	path := pods.Containers[0].VolumeMounts[mount].MountPath + "/" + item.Path
	if named := slices.IndexFunc(pods.Containers[0].Env, func(v corev1.EnvVar) bool { return v.Name == "CLOUD_CONFIG" && v.Value == path }); named < 0 {
		t.Errorf("CLOUD_CONFIG is not %s: %v", path, pods.Containers[0].Env)
	}
	var got any
	if err := yaml.Unmarshal(secret.Data[item.Key], &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"clusters": []any{map[string]any{
		"region": "home", "url": "https://pve.example.org:8006/api2/json", "token_id": "k@pve!k", "token_secret": "s",
	}}}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Error(diff)
	}
}

// PVE-113: a Secret that there is goes before a value; with neither nothing is rendered.
func TestClustersElsewhere(t *testing.T) {
	out, err := withClusters(t, "--set-json", inline, "--set", "existingConfigSecret=mine")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range parse(t, out) {
		if object.GetKind() == "Secret" {
			t.Errorf("there is a Secret %s beside that of the user", object.GetName())
		}
	}
	if out, err := withClusters(t); err == nil {
		t.Errorf("without clusters there is\n%s", out)
	}
}
