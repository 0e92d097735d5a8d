// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/operator/options"
)

// forSuites are the values that a suite from outside installs with.
func forSuites() []string {
	return []string{
		"--api-versions=monitoring.coreos.com/v1",
		"--set-json", `logLevel="debug"`,
		"--set-json", `serviceMonitor.enabled=true`,
		"--set-json", `settings.featureGates={"nodeRepair":true,"capacityBuffer":true,"staticCapacity":true}`,
		"--set-json", `controller.resources={"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"2","memory":"2Gi"}}`,
		"--set-json", `controller.env=[{"name":"ENABLE_PROFILING","value":"true"}]`,
	}
}

// OPS-273: what a suite from outside wants of its installation is rendered, and the process
// starts with it.
func TestInstallationForSuites(t *testing.T) {
	for _, provider := range providers {
		if !monitored(render(t, provider, forSuites()...)) {
			t.Errorf("%s: there is no ServiceMonitor", provider)
		}
		want := corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("1Gi")},
			Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("2Gi")},
		}
		if diff := cmp.Diff(want, container(t, provider, forSuites()...).Resources); diff != "" {
			t.Errorf("%s: %s", provider, diff)
		}
		var environ []string
		for name, value := range env(t, provider, forSuites()...) {
			if value != "" { // the kubelet fills in the others
				environ = append(environ, name+"="+value)
			}
		}
		result, err := options.Parse(options.Input{Environ: environ, Declare: declared(provider)})
		if err != nil {
			t.Fatalf("%s: %v", provider, err)
		}
		o := result.Options
		if g := o.FeatureGates; !g.NodeRepair || !g.CapacityBuffer || !g.StaticCapacity || !o.EnableProfiling || o.LogLevel != options.LogDebug {
			t.Errorf("%s: gates %s, profiles %v, level %s", provider, g, o.EnableProfiling, o.LogLevel)
		}
	}
}

func monitored(all objects) bool {
	for _, o := range all {
		if o.GetKind() == "ServiceMonitor" {
			return true
		}
	}
	return false
}

// OPS-265: whoever patches a variable of the container changes a setting, since nothing
// else sets it; and a new pod gets its place although the old one may be in its way.
func TestSettingsAreVariables(t *testing.T) {
	for _, provider := range providers {
		c := container(t, provider)
		if len(c.Command)+len(c.Args) > 0 {
			t.Errorf("%s: the container runs %v %v: a flag would win over its variable", provider, c.Command, c.Args)
		}
		if len(c.EnvFrom) > 0 {
			t.Errorf("%s: variables come from %v", provider, c.EnvFrom)
		}
		rollout := find[appsv1.Deployment](t, render(t, provider), "Deployment").Spec.Strategy
		if rollout.RollingUpdate == nil || rollout.RollingUpdate.MaxUnavailable.IntValue() < 1 {
			t.Errorf("%s: no pod may be missing, and no two may share a node: %v", provider, rollout)
		}
	}
}
