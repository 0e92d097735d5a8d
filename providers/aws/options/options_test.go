// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	core "karpenter.sh/core/operator/options"
	"karpenter.sh/providers/aws/options"
)

func parse(t *testing.T, args, environ []string) (options.Options, []string, error) {
	t.Helper()
	var o options.Options
	result, err := core.Parse(core.Input{Args: args, Environ: environ, Declare: o.Declare})
	return o, result.Warnings, err
}

func defaults() options.Options {
	return options.Options{
		ClusterName: "c1", VMMemoryOverheadPercent: 0.075, AMIRefreshInterval: time.Minute, SubnetRefreshInterval: time.Minute,
		PricePerVCPU: 0.034, PricePerGiB: 0.004, PricePerAccelerator: 1,
	}
}

// AWS-001, AWS-233, AWS-446: names, defaults, and the flag before the environment.
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flag, env     string
		inEnv, inFlag string
		set           func(*options.Options)
	}{
		{"cluster-name", "CLUSTER_NAME", "a", "b", func(o *options.Options) { o.ClusterName = "b" }},
		{"cluster-endpoint", "CLUSTER_ENDPOINT", "https://a", "https://b:6443", func(o *options.Options) { o.ClusterEndpoint = "https://b:6443" }},
		{"cluster-ca-bundle", "CLUSTER_CA_BUNDLE", "YQ==", "Y2E=", func(o *options.Options) { o.ClusterCABundle = "Y2E=" }},
		{"isolated-vpc", "ISOLATED_VPC", "false", "true", func(o *options.Options) { o.IsolatedVPC = true }},
		{"eks-control-plane", "EKS_CONTROL_PLANE", "false", "true", func(o *options.Options) { o.EKSControlPlane = true }},
		{"vm-memory-overhead-percent", "VM_MEMORY_OVERHEAD_PERCENT", "0.1", "0", func(o *options.Options) { o.VMMemoryOverheadPercent = 0 }},
		{"interruption-queue", "INTERRUPTION_QUEUE", "a", "b", func(o *options.Options) { o.InterruptionQueue = "b" }},
		{"reserved-enis", "RESERVED_ENIS", "1", "2", func(o *options.Options) { o.ReservedENIs = 2 }},
		{"disable-dry-run", "DISABLE_DRY_RUN", "false", "true", func(o *options.Options) { o.DisableDryRun = true }},
		{"enable-zonal-shift", "ENABLE_ZONAL_SHIFT", "false", "true", func(o *options.Options) { o.EnableZonalShift = true }},
		{"ami-refresh-interval", "AMI_REFRESH_INTERVAL", "2m", "3m", func(o *options.Options) { o.AMIRefreshInterval = 3 * time.Minute }},
		{"subnet-refresh-interval", "SUBNET_REFRESH_INTERVAL", "2m", "3m", func(o *options.Options) { o.SubnetRefreshInterval = 3 * time.Minute }},
		{"aws-feature-gates", "AWS_FEATURE_GATES", "NodeClassCEL=false", "NodeClassCEL=true", func(o *options.Options) { o.FeatureGates.NodeClassCEL = true }},
		{"price-file", "PRICE_FILE", "a", "b", func(o *options.Options) { o.PriceFile = "b" }},
		{"price-per-vcpu", "PRICE_PER_VCPU", "1", "2", func(o *options.Options) { o.PricePerVCPU = 2 }},
		{"price-per-gib", "PRICE_PER_GIB", "1", "0", func(o *options.Options) { o.PricePerGiB = 0 }},
		{"price-per-accelerator", "PRICE_PER_ACCELERATOR", "2", "0", func(o *options.Options) { o.PricePerAccelerator = 0 }},
	} {
		t.Run(c.flag, func(t *testing.T) {
			t.Parallel()
			want := defaults()
			c.set(&want)
			for _, in := range []struct{ args, environ []string }{
				{args: []string{"--" + c.flag + "=" + c.inFlag}, environ: []string{c.env + "=" + c.inEnv}},
				{environ: []string{c.env + "=" + c.inFlag}},
			} {
				if !strings.HasPrefix(c.env, "CLUSTER_NAME") {
					in.environ = append(in.environ, "CLUSTER_NAME=c1")
				}
				got, warnings, err := parse(t, in.args, in.environ)
				if err != nil || len(warnings) > 0 || got != want {
					t.Errorf("%v: %v\n%s", err, warnings, cmp.Diff(want, got))
				}
			}
		})
	}
	if got, _, err := parse(t, []string{"--cluster-name=c1"}, nil); err != nil || got != defaults() {
		t.Errorf("the defaults: %v\n%s", err, cmp.Diff(defaults(), got))
	}
	if got, warnings, err := parse(t, []string{"--cluster-name=c1", "--aws-feature-gates=Unknown=true"}, nil); err != nil || got != defaults() || len(warnings) != 1 {
		t.Errorf("an unknown gate: %+v, %v, %v", got, warnings, err)
	}
}

// AWS-001: all violations are reported together, each by the name of its flag.
func TestViolations(t *testing.T) {
	t.Parallel()
	wrong := map[string]string{
		"cluster-endpoint": "host/path", "cluster-ca-bundle": "-----BEGIN", "vm-memory-overhead-percent": "-0.1", "reserved-enis": "-1",
		"ami-refresh-interval": "59s", "subnet-refresh-interval": "0s", "aws-feature-gates": "NodeClassCEL",
		"price-per-vcpu": "0", "price-per-gib": "-1", "price-per-accelerator": "-1",
	}
	var args []string
	for flag, value := range wrong {
		args = append(args, "--"+flag+"="+value)
	}
	_, _, err := parse(t, args, nil)
	if err == nil {
		t.Fatal("nothing is wrong with them")
	}
	wrong["cluster-name"] = "" // required
	for flag, value := range wrong {
		if want := `invalid value "` + value + `" for --` + flag + " "; !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not told: %v", flag, err)
		}
	}
	for _, endpoint := range []string{"https://", "https://:443", "//host"} {
		if _, _, err := parse(t, []string{"--cluster-name=c1", "--cluster-endpoint=" + endpoint}, nil); err == nil {
			t.Errorf("%q passes", endpoint)
		}
	}
}
