// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// kubeletKinds are the fields of KubeletConfiguration (v1beta1) that are known, each with
// what it takes for the kubelet to start. Others are refused, which a kubelet does not
// always do.
func kubeletKinds() map[string]func(any) error {
	percent, quantities, anything := upTo(100), table, func(any) error { return nil }
	return map[string]func(any) error{
		"apiVersion": oneOf("kubelet.config.k8s.io/v1beta1"), "kind": oneOf("KubeletConfiguration"), "providerID": text,
		"maxPods": upTo(1<<31 - 1), "podsPerCore": upTo(1<<31 - 1),
		"cpuManagerPolicy": oneOf("none", "static"), "cpuCFSQuota": truth, "cpuCFSQuotaPeriod": duration(time.Millisecond, time.Second),
		"topologyManagerPolicy": oneOf("none", "best-effort", "restricted", "single-numa-node"), "topologyManagerScope": oneOf("container", "pod"),
		"imageGCHighThresholdPercent": percent, "imageGCLowThresholdPercent": percent,
		"shutdownGracePeriod": duration(0, 24*time.Hour), "shutdownGracePeriodCriticalPods": duration(0, 24*time.Hour),
		"allowedUnsafeSysctls": list(text), "clusterDNS": list(address), "clusterDomain": text, "failSwapOn": truth,
		"kubeReserved": quantities, "systemReserved": quantities, "evictionHard": quantities, "evictionSoft": quantities,
		"registerWithTaints": anything, "featureGates": table, "authentication": anything, "authorization": anything,
		"cgroupDriver": oneOf("systemd", "cgroupfs"), "staticPodPath": text, "rotateCertificates": truth, "serverTLSBootstrap": truth,
		"containerRuntimeEndpoint": text, "resolvConf": text, "readOnlyPort": upTo(65535), "registerNode": truth, "volumePluginDir": text,
	}
}

// checkKubelet says for which setting the kubelet would not start.
func checkKubelet(settings map[string]any) error {
	kinds := kubeletKinds()
	for _, name := range sorted(settings) {
		check, known := kinds[name]
		if !known {
			return fmt.Errorf("the kubelet knows no %s", name)
		}
		if err := check(settings[name]); err != nil {
			return fmt.Errorf("the kubelet refuses %s: %w", name, err)
		}
	}
	return checkTogether(settings)
}

// The kubelet's own thresholds.
const (
	defaultHigh   = 85.0
	defaultLow    = 80.0
	defaultPeriod = "100ms"
)

// checkTogether checks settings that depend on each other.
func checkTogether(settings map[string]any) error {
	high, low := number(settings["imageGCHighThresholdPercent"], defaultHigh), number(settings["imageGCLowThresholdPercent"], defaultLow)
	gates, _ := settings["featureGates"].(map[string]any)
	period, changed := settings["cpuCFSQuotaPeriod"]
	grace, _ := settings["shutdownGracePeriod"].(string)
	shutdown, _ := time.ParseDuration(grace) // it was checked
	switch {
	case high <= low:
		return fmt.Errorf("the kubelet refuses imageGCHighThresholdPercent: %v is not above the low threshold %v", high, low)
	case changed && period != defaultPeriod && gates["CustomCPUCFSQuotaPeriod"] != true:
		return errors.New("the kubelet refuses cpuCFSQuotaPeriod: it needs the feature gate CustomCPUCFSQuotaPeriod")
	case shutdown > 0 && shutdown < time.Second:
		return errors.New("the kubelet refuses shutdownGracePeriod: it is below a second")
	case settings["cpuManagerPolicy"] == "static" && !reservesCPU(settings):
		return errors.New("the kubelet refuses cpuManagerPolicy: static needs processors that are reserved")
	}
	return nil
}

func reservesCPU(settings map[string]any) bool {
	for _, name := range []string{"kubeReserved", "systemReserved"} {
		reserved, _ := settings[name].(map[string]any)
		if cpu, _ := reserved["cpu"].(string); cpu != "" && cpu != "0" && cpu != "0m" {
			return true
		}
	}
	return false
}

func number(raw any, otherwise float64) float64 {
	if n, ok := raw.(float64); ok {
		return n
	}
	return otherwise
}

func text(raw any) error {
	if _, ok := raw.(string); !ok {
		return fmt.Errorf("%v is no text", raw)
	}
	return nil
}

func truth(raw any) error {
	if _, ok := raw.(bool); !ok {
		return fmt.Errorf("%v is neither true nor false", raw)
	}
	return nil
}

func table(raw any) error {
	if _, ok := raw.(map[string]any); !ok {
		return fmt.Errorf("%v is no table", raw)
	}
	return nil
}

func address(raw any) error {
	given, _ := raw.(string)
	if _, err := netip.ParseAddr(given); err != nil {
		return fmt.Errorf("%v is no address", raw)
	}
	return nil
}

func oneOf(values ...string) func(any) error {
	return func(raw any) error {
		if given, ok := raw.(string); !ok || !slices.Contains(values, given) {
			return fmt.Errorf("%v is none of %v", raw, values)
		}
		return nil
	}
}

func upTo(high float64) func(any) error {
	return func(raw any) error {
		n, ok := raw.(float64)
		if !ok || n != float64(int64(n)) || n < 0 || n > high {
			return fmt.Errorf("%v is no whole number up to %v", raw, high)
		}
		return nil
	}
}

func duration(low, high time.Duration) func(any) error {
	return func(raw any) error {
		given, _ := raw.(string)
		d, err := time.ParseDuration(given)
		if err != nil || d < low || d > high {
			return fmt.Errorf("%v is no time from %s to %s", raw, low, high)
		}
		return nil
	}
}

func list(of func(any) error) func(any) error {
	return func(raw any) error {
		entries, ok := raw.([]any)
		if !ok {
			return fmt.Errorf("%v is no list", raw)
		}
		for _, entry := range entries {
			if err := of(entry); err != nil {
				return err
			}
		}
		return nil
	}
}
