// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// configuration reads the fields that count, and checks them and those that the
// kubelet would refuse.
func (v *values) configuration() Configuration {
	c := Configuration{Expressions: map[string]string{}}
	if n, there := v.whole("maxPods"); there {
		c.MaxPods = &n
	}
	c.PodsPerCore, _ = v.whole("podsPerCore")
	c.KubeReserved = v.reservedOf("kubeReserved", c.Expressions)
	c.SystemReserved = v.reservedOf("systemReserved", c.Expressions)
	c.EvictionHard = v.thresholds("evictionHard", ParseThreshold)
	c.ReservedSystemCPUs = v.cpus()

	v.thresholds("evictionMinimumReclaim", parseReclaim)
	v.softEviction()
	v.whole("evictionMaxPodGracePeriod")
	v.imageGC()
	if _, there := v.object["registerWithTaints"]; there {
		v.errs = append(v.errs, field.Forbidden(v.path.Child("registerWithTaints"), "is set from the NodePool's taints"))
	}
	v.errs = slices.SortedStableFunc(slices.Values(v.errs), func(a, b *field.Error) int {
		return strings.Compare(a.Field, b.Field)
	})
	return c
}

// softEviction checks that each soft threshold has a grace period.
func (v *values) softEviction() {
	v.thresholds("evictionSoft", ParseThreshold)
	periods := v.texts("evictionSoftGracePeriod", signals())
	for signal, text := range periods {
		if period, err := time.ParseDuration(text); err != nil || period < 0 {
			v.fail(v.path.Child("evictionSoftGracePeriod").Key(signal), text, "must be a duration that is not negative, such as 1m30s")
		}
	}
	v.pairs("evictionSoft", "evictionSoftGracePeriod")
	v.pairs("evictionSoftGracePeriod", "evictionSoft")
}

// pairs checks that the keys of one map are in the other.
func (v *values) pairs(name, other string) {
	have, _ := v.object[other].(map[string]any)
	want, _ := v.object[name].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, there := have[key]; !there {
			v.errs = append(v.errs, field.Required(v.path.Child(other).Key(key), "there is one in "+name))
		}
	}
}

// imageGC checks the thresholds of image garbage collection. For one that is not
// given, the kubelet's default counts.
func (v *values) imageGC() {
	const high, low = "imageGCHighThresholdPercent", "imageGCLowThresholdPercent"
	const defaultHigh, defaultLow = 85, 80
	highest, okHigh := v.percent(high, defaultHigh)
	lowest, okLow := v.percent(low, defaultLow)
	switch {
	case !okHigh || !okLow || highest > lowest:
	case v.object[high] == nil:
		v.fail(v.path.Child(low), lowest, fmt.Sprintf("must be less than %s, which is %d by default", high, highest))
	case v.object[low] == nil:
		v.fail(v.path.Child(high), highest, fmt.Sprintf("must be greater than %s, which is %d by default", low, lowest))
	default:
		v.fail(v.path.Child(high), highest, "must be greater than "+low)
	}
}

// percent reads a field from 0 to 100.
func (v *values) percent(name string, byDefault int64) (n int64, ok bool) {
	if v.object[name] == nil {
		return byDefault, true
	}
	number, there := v.object[name].(json.Number)
	if !there || slices.Contains(v.skip, v.path.Child(name).String()) {
		return 0, false
	}
	n, err := number.Int64()
	if err != nil || n < 0 || n > 100 {
		v.fail(v.path.Child(name), number.String(), "must be from 0 to 100")
		return 0, false
	}
	return n, true
}

// cpus reads reservedSystemCPUs.
func (v *values) cpus() string {
	text, _ := v.object["reservedSystemCPUs"].(string)
	if _, err := parseCPUs(text); err != nil {
		v.fail(v.path.Child("reservedSystemCPUs"), text, err.Error())
		return ""
	}
	return text
}
