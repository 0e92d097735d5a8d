// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "karpenter.sh/core/apis/v1"
)

// LIF-022 API-142
func TestIsEphemeralTaint(t *testing.T) {
	for name, test := range map[string]struct {
		taint corev1.Taint
		want  bool
	}{
		"not ready":                         {taint("node.kubernetes.io/not-ready", "NoSchedule"), true},
		"not ready, evicting":               {taint("node.kubernetes.io/not-ready", "NoExecute"), true},
		"not ready, preferring":             {taint("node.kubernetes.io/not-ready", "PreferNoSchedule"), false},
		"unreachable":                       {taint("node.kubernetes.io/unreachable", "NoSchedule"), true},
		"unreachable, evicting":             {taint("node.kubernetes.io/unreachable", "NoExecute"), false},
		"cloud controller to come":          {taint("node.cloudprovider.kubernetes.io/uninitialized", "NoSchedule"), true},
		"cloud controller, evicting":        {taint("node.cloudprovider.kubernetes.io/uninitialized", "NoExecute"), false},
		"unregistered":                      {taint("karpenter.sh/unregistered", "NoExecute"), true},
		"unregistered, of another effect":   {taint("karpenter.sh/unregistered", "NoSchedule"), false},
		"readiness, whatever the effect":    {taint("readiness.k8s.io/network", "PreferNoSchedule"), true},
		"the domain of readiness elsewhere": {taint("x.readiness.k8s.io/network", "NoSchedule"), false},
		"disrupted":                         {taint("karpenter.sh/disrupted", "NoSchedule"), false},
		"the value does not count": {corev1.Taint{
			Key: "karpenter.sh/unregistered", Value: "x", Effect: corev1.TaintEffectNoExecute,
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := v1.IsEphemeralTaint(test.taint); got != test.want {
				t.Errorf("IsEphemeralTaint(%v) = %t, want %t", test.taint, got, test.want)
			}
		})
	}
}

// The keys are the interface to what runs in clusters already.
func TestKeys(t *testing.T) {
	for name, test := range map[string]struct{ got, want string }{
		"API-130 NodeClass label": {
			v1.NodeClassLabelKey(schema.GroupKind{Group: "karpenter.k8s.aws", Kind: "EC2NodeClass"}), "karpenter.k8s.aws/ec2nodeclass",
		},
		"API-140 pool":                 {v1.NodePoolLabelKey, "karpenter.sh/nodepool"},
		"API-140 capacity type":        {v1.CapacityTypeLabelKey, "karpenter.sh/capacity-type"},
		"LIF-009 registered":           {v1.NodeRegisteredLabelKey, "karpenter.sh/registered"},
		"LIF-009 initialized":          {v1.NodeInitializedLabelKey, "karpenter.sh/initialized"},
		"LIF-009 taint-sync opt-out":   {v1.NodeDoNotSyncTaintsLabelKey, "karpenter.sh/do-not-sync-taints"},
		"LIF-009 load balancers":       {v1.LoadBalancerExclusionValue, "karpenter"},
		"API-141 do not disrupt":       {v1.DoNotDisruptAnnotationKey, "karpenter.sh/do-not-disrupt"},
		"API-141 hash":                 {v1.NodePoolHashAnnotationKey, "karpenter.sh/nodepool-hash"},
		"API-141 hash version":         {v1.NodePoolHashVersionAnnotationKey, "karpenter.sh/nodepool-hash-version"},
		"API-091 version":              {v1.HashVersion, "v3"},
		"LIF-009 deadline":             {v1.NodeClaimTerminationTimestampAnnotationKey, "karpenter.sh/nodeclaim-termination-timestamp"},
		"API-141 min values":           {v1.NodeClaimMinValuesRelaxedAnnotationKey, "karpenter.sh/nodeclaim-min-values-relaxed"},
		"LIF-009 DRA drivers":          {v1.RequestedDRADriversAnnotationKey, "karpenter.sh/requested-dra-drivers"},
		"API-141 price overlay":        {v1.PriceOverlayAppliedAnnotationKey, "karpenter.sh/price-overlay-applied"},
		"API-141 capacity overlay":     {v1.CapacityOverlayAppliedAnnotationKey, "karpenter.sh/capacity-overlay-applied"},
		"API-141 legacy key":           {v1.ProviderCompatibilityAnnotationKey, "compatibility.karpenter.sh/provider"},
		"API-141 buffer pod":           {v1.CapacityBufferFakePodAnnotationKey, "karpenter.sh/capacity-buffer-fake-pod"},
		"API-141 buffer name":          {v1.CapacityBufferNameAnnotationKey, "karpenter.sh/capacity-buffer-name"},
		"API-141 buffer namespace":     {v1.CapacityBufferNamespaceAnnotationKey, "karpenter.sh/capacity-buffer-namespace"},
		"API-143 LIF-009 finalizer":    {v1.TerminationFinalizer, "karpenter.sh/termination"},
		"API-142 LIF-009 disrupted":    {text(v1.DisruptedTaint()), "karpenter.sh/disrupted:NoSchedule"},
		"API-142 LIF-009 unregistered": {text(v1.UnregisteredTaint()), "karpenter.sh/unregistered:NoExecute"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.got != test.want {
				t.Errorf("got %q, want %q", test.got, test.want)
			}
		})
	}
}

func taint(key string, effect corev1.TaintEffect) corev1.Taint {
	return corev1.Taint{Key: key, Effect: effect}
}

func text(taint corev1.Taint) string { return taint.ToString() }
