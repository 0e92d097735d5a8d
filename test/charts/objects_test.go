// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/utils/ptr"
)

// OPS-231, OPS-243, OPS-244, CAPI-066, PVE-113: the pods are as locked up as a controller can be.
func TestSecurity(t *testing.T) {
	users := map[string]int64{"kwok": 65536, "aws": 65532, "clusterapi": 65532, "proxmox": 65532}
	for _, provider := range providers {
		all := render(t, provider)
		pods := find[appsv1.Deployment](t, all, "Deployment").Spec.Template.Spec
		user := users[provider]
		want := &corev1.SecurityContext{
			Privileged: ptr.To(false), AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
			RunAsNonRoot: ptr.To(true), RunAsUser: &user, RunAsGroup: &user,
			Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		}
		if diff := cmp.Diff(want, pods.Containers[0].SecurityContext); diff != "" {
			t.Errorf("%s: %s", provider, diff)
		}
		if *pods.SecurityContext.FSGroup != user || (provider == "kwok") == (pods.SecurityContext.SeccompProfile != nil) {
			t.Errorf("%s: the pods have %v", provider, pods.SecurityContext)
		}
		account := find[corev1.ServiceAccount](t, all, "ServiceAccount")
		if *account.AutomountServiceAccountToken || !*pods.AutomountServiceAccountToken {
			t.Errorf("%s: the token is mounted in other pods, or not in these", provider)
		}
		if pods.HostNetwork || pods.HostPID || pods.HostIPC {
			t.Errorf("%s: the pods share what is the host's", provider)
		}
	}
}

// PVE-113: media with boot data are written to memory, for nothing else can be written to.
func TestScratch(t *testing.T) {
	pods := find[appsv1.Deployment](t, render(t, "proxmox"), "Deployment").Spec.Template.Spec
	mount := slices.IndexFunc(pods.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == "/tmp" && !m.ReadOnly })
	if mount < 0 {
		t.Fatalf("mounted are %v", pods.Containers[0].VolumeMounts)
	}
	volume := slices.IndexFunc(pods.Volumes, func(v corev1.Volume) bool { return v.Name == pods.Containers[0].VolumeMounts[mount].Name })
	if volume < 0 || pods.Volumes[volume].EmptyDir.Medium != corev1.StorageMediumMemory || pods.Volumes[volume].EmptyDir.SizeLimit.IsZero() {
		t.Errorf("the volumes are %v", pods.Volumes)
	}
}

// OPS-230, OPS-233, OPS-262..264: what a suite, a scraper and a kubelet count on.
func TestEndpoints(t *testing.T) {
	for _, provider := range providers {
		all := render(t, provider)
		deployment := find[appsv1.Deployment](t, all, "Deployment", "karpenter")
		pods := deployment.Spec.Template.Spec
		if deployment.Namespace != "kube-system" || len(pods.Containers) != 1 || pods.Containers[0].Name != "controller" {
			t.Errorf("%s: %s has containers %v", provider, deployment.Name, pods.Containers)
		}
		c := pods.Containers[0]
		want := []corev1.ContainerPort{
			{Name: "http-metrics", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}, {Name: "http", ContainerPort: 8081, Protocol: corev1.ProtocolTCP},
		}
		if diff := cmp.Diff(want, c.Ports); diff != "" {
			t.Errorf("%s: %s", provider, diff)
		}
		if p := c.LivenessProbe; p.HTTPGet.Path != "/healthz" || p.HTTPGet.Port.StrVal != "http" || p.InitialDelaySeconds != 30 || p.TimeoutSeconds != 30 {
			t.Errorf("%s: liveness is %v", provider, p)
		}
		if p := c.ReadinessProbe; p.HTTPGet.Path != "/readyz" || p.HTTPGet.Port.StrVal != "http" || p.InitialDelaySeconds != 5 || p.TimeoutSeconds != 30 {
			t.Errorf("%s: readiness is %v", provider, p)
		}
		service := find[corev1.Service](t, all, "Service", "karpenter").Spec
		if service.Type != corev1.ServiceTypeClusterIP || service.Ports[0].Name != "http-metrics" || service.Ports[0].Port != 8080 || service.Ports[0].TargetPort.StrVal != "http-metrics" {
			t.Errorf("%s: the service is %v", provider, service)
		}
		for _, v := range c.Env {
			if v.Name == "DISABLE_LEADER_ELECTION" {
				t.Errorf("%s: leader election is touched", provider)
			}
		}
	}
}

// OPS-236: a ServiceMonitor needs the wish and the API.
func TestServiceMonitor(t *testing.T) {
	const wish, api = "--set=serviceMonitor.enabled=true", "--api-versions=monitoring.coreos.com/v1"
	for _, c := range []struct {
		args []string
		want int
	}{{nil, 0}, {[]string{wish}, 0}, {[]string{api}, 0}, {[]string{wish, api}, 1}} {
		got := 0
		for _, object := range render(t, "kwok", c.args...) {
			if object.GetKind() == "ServiceMonitor" {
				got++
			}
		}
		if got != c.want {
			t.Errorf("%v: %d monitors", c.args, got)
		}
	}
}

// OPS-314: a NetworkPolicy is there if it is asked for, and lets metrics and probes through.
func TestNetworkPolicy(t *testing.T) {
	for _, object := range render(t, "kwok") {
		if object.GetKind() == "NetworkPolicy" {
			t.Error("there is one by default")
		}
	}
	policy := find[networkingv1.NetworkPolicy](t, render(t, "kwok", "--set", "networkPolicy.enabled=true"), "NetworkPolicy")
	if len(policy.Spec.PolicyTypes) != 1 || len(policy.Spec.Ingress) != 1 || len(policy.Spec.Ingress[0].From) != 0 {
		t.Errorf("it is %v", policy.Spec)
	}
	for i, name := range []string{"http-metrics", "http"} {
		if got := policy.Spec.Ingress[0].Ports[i].Port.StrVal; got != name {
			t.Errorf("port %d is %s, want %s", i, got, name)
		}
	}
}
