// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"strings"
	"testing"

	core "karpenter.sh/core/operator/options"
	"karpenter.sh/providers/proxmox/options"
)

func parse(args, environ []string) (options.Options, error) {
	var o options.Options
	_, err := core.Parse(core.Input{Args: args, Environ: environ, Declare: o.Declare})
	return o, err
}

func defaults() options.Options {
	return options.Options{CloudConfig: "c.yaml", NodePolicy: "simple", LowestID: 20000, VMMemoryOverheadPercent: 0.075}
}

// Section 2 of the chapter: names, defaults, and the flag before the environment.
func TestSettings(t *testing.T) {
	for _, c := range []struct {
		flag, env     string
		inEnv, inFlag string
		set           func(*options.Options)
	}{
		{"cloud-config", "CLOUD_CONFIG", "a", "b", func(o *options.Options) { o.CloudConfig = "b" }},
		{"instance-types-file", "INSTANCE_TYPES_FILE", "a", "b", func(o *options.Options) { o.InstanceTypesFile = "b" }},
		{"node-setting-file", "NODE_SETTING_FILE", "a", "b", func(o *options.Options) { o.NodeSettingFile = "b" }},
		{"node-policy", "NODE_POLICY", "simple", "static", func(o *options.Options) { o.NodePolicy = "static" }},
		{"proxmox-vmid", "PROXMOX_VMID", "100", "30000", func(o *options.Options) { o.LowestID = 30000 }},
		{"vm-memory-overhead-percent", "VM_MEMORY_OVERHEAD_PERCENT", "0.1", "0", func(o *options.Options) { o.VMMemoryOverheadPercent = 0 }},
		{"cluster-name", "CLUSTER_NAME", "a", "b", func(o *options.Options) { o.ClusterName = "b" }},
	} {
		t.Run(c.flag, func(t *testing.T) {
			want := defaults()
			c.set(&want)
			for _, in := range []struct{ args, environ []string }{
				{[]string{"--" + c.flag + "=" + c.inFlag}, []string{c.env + "=" + c.inEnv}}, {nil, []string{c.env + "=" + c.inFlag}},
			} {
				if c.env != "CLOUD_CONFIG" {
					in.environ = append(in.environ, "CLOUD_CONFIG=c.yaml")
				}
				if got, err := parse(in.args, in.environ); err != nil || got != want {
					t.Errorf("got %+v, %v, want %+v", got, err, want)
				}
			}
		})
	}
	if got, err := parse([]string{"--cloud-config=c.yaml"}, nil); err != nil || got != defaults() || got.NodePolicy.Pins() {
		t.Errorf("the defaults: %+v, %v", got, err)
	}
}

// PVE-112: the Lease is the one that the chart lets it write.
func TestLease(t *testing.T) {
	var o options.Options
	result, err := core.Parse(core.Input{Args: []string{"--cloud-config=c.yaml"}, Declare: o.Declare})
	if err != nil || result.Options.LeaderElectionName != "proxmox-karpenter-leader-election" {
		t.Errorf("got %q, %v", result.Options.LeaderElectionName, err)
	}
}

// Section 2: what is not valid ends the process, all of it told together.
func TestViolations(t *testing.T) {
	wrong := map[string]string{
		"node-policy": "dynamic", "proxmox-vmid": "99", "vm-memory-overhead-percent": "1", "cluster-name": "a,b",
	}
	var args []string
	for flag, value := range wrong {
		args = append(args, "--"+flag+"="+value)
	}
	_, err := parse(args, nil)
	if err == nil {
		t.Fatal("nothing is wrong with them")
	}
	wrong["cloud-config"] = "" // required
	for flag, value := range wrong {
		if want := `invalid value "` + value + `" for --` + flag + " "; !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not told: %v", flag, err)
		}
	}
}
