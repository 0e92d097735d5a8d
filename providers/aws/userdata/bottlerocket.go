// SPDX-License-Identifier: Apache-2.0

package userdata

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// bottlerocket is the user's settings with ours over them (AWS-165).
func bottlerocket(in Input) ([]byte, error) {
	tree, err := bootstrap.ParseTOML([]byte(in.Custom))
	if err != nil {
		return nil, err
	}
	tree.Keep(kubernetesSettings(), "settings", "kubernetes")
	if err := setKubernetes(tree, in); err != nil {
		return nil, err
	}
	if in.InstanceStoreRAID0 {
		if err := tree.Set(mountInstanceStorage(in.ImageVersion), "settings", "bootstrap-commands", "000-mount-instance-storage"); err != nil {
			return nil, err
		}
	}
	return tree.TOML()
}

// Dropped returns the keys of settings.kubernetes in a user's data that Bottlerocket
// does not know, in order: they are left out, since one of them would keep the
// machine from booting, and the caller says so in its log. It is empty for other
// families, and for data that cannot be read: [Check] tells of those.
func Dropped(family, custom string) []string {
	if family != v1.AMIFamilyBottlerocket {
		return nil
	}
	tree, err := bootstrap.ParseTOML([]byte(custom))
	if err != nil {
		return nil
	}
	return tree.Keep(kubernetesSettings(), "settings", "kubernetes")
}

// setKubernetes puts our settings over the user's; labels of both are kept.
func setKubernetes(tree bootstrap.Tree, in Input) error {
	var errs []error
	set := func(value any, key string) {
		errs = append(errs, tree.Set(value, "settings", "kubernetes", key))
	}
	set(in.Cluster.Name, "cluster-name")
	set(in.Cluster.Endpoint, "api-server")
	set(in.Cluster.CABundle, "cluster-certificate")
	if dns := in.dns(); len(dns) > 0 {
		set(dns[0], "cluster-dns-ip")
	}
	set(in.Kubelet.MaxPods, "max-pods")
	set(in.Registration.TaintsByKey(), "node-taints")
	errs = append(errs, tree.Merge(bootstrap.Table(in.Registration.Labels), "settings", "kubernetes", "node-labels"))
	for key, texts := range map[string]map[string]string{
		"kube-reserved":              bootstrap.Texts(in.Kubelet.KubeReserved),
		"system-reserved":            bootstrap.Texts(in.Kubelet.SystemReserved),
		"eviction-hard":              in.Kubelet.EvictionHard,
		"eviction-soft":              in.Configuration.Texts("evictionSoft"),
		"eviction-soft-grace-period": in.Configuration.Texts("evictionSoftGracePeriod"),
	} {
		if len(texts) > 0 {
			set(bootstrap.Table(texts), key)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return setPlain(tree, in.Configuration)
}

// setPlain puts the settings that are a number or a flag.
func setPlain(tree bootstrap.Tree, c kubelet.Configuration) error {
	for _, row := range []struct {
		field, key string
		value      func(text string) (any, error)
	}{
		{"evictionMaxPodGracePeriod", "eviction-max-pod-grace-period", func(text string) (any, error) { return strconv.ParseInt(text, 10, 64) }},
		{"imageGCHighThresholdPercent", "image-gc-high-threshold-percent", func(text string) (any, error) { return text, nil }},
		{"imageGCLowThresholdPercent", "image-gc-low-threshold-percent", func(text string) (any, error) { return text, nil }},
		{"cpuCFSQuota", "cpu-cfs-quota-enforced", func(text string) (any, error) { return strconv.ParseBool(text) }},
	} {
		configured, there := c.Object[row.field]
		if !there || configured == nil {
			continue
		}
		value, err := row.value(fmt.Sprint(configured))
		if err != nil {
			return fmt.Errorf("writing spec.kubelet.%s: %w", row.field, err)
		}
		if err := tree.Set(value, "settings", "kubernetes", row.key); err != nil {
			return err
		}
	}
	return nil
}

// kubernetesSettings are the keys of settings.kubernetes that there are.
func kubernetesSettings() []string {
	return strings.Fields(`
		allowed-unsafe-sysctls api-server cloud-provider cluster-certificate cluster-dns-ip cluster-domain cluster-name
		container-log-max-files container-log-max-size container-log-max-workers container-log-monitor-interval
		cpu-cfs-quota-enforced cpu-manager-policy cpu-manager-policy-options cpu-manager-reconcile-period
		credential-providers device-ownership-from-security-context event-burst event-qps eviction-hard
		eviction-max-pod-grace-period eviction-soft eviction-soft-grace-period hostname-override-source ids-per-pod
		image-gc-high-threshold-percent image-gc-low-threshold-percent kube-api-burst kube-api-qps kube-reserved log-level
		max-pods memory-manager-policy memory-manager-reserved-memory node-labels node-taints pod-pids-limit
		registry-burst registry-qps seccomp-default server-tls-bootstrap shutdown-grace-period
		shutdown-grace-period-for-critical-pods single-process-oom-kill static-pods system-reserved
		topology-manager-policy topology-manager-policy-options topology-manager-scope`)
}
