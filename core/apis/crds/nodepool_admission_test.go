// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"fmt"
	"strings"
	"testing"
)

func validNodePool() fields {
	return fields{
		"apiVersion": "karpenter.sh/v1",
		"kind":       "NodePool",
		"metadata":   fields{"generateName": "pool-"},
		"spec": fields{"template": fields{"spec": fields{
			"requirements": []any{},
			"nodeClassRef": fields{"group": "karpenter.test.sh", "kind": "TestNodeClass", "name": "default"},
		}}},
	}
}

func TestNodePoolTemplateAdmission(t *testing.T) {
	const spec, labels = "spec.template.spec", "spec.template.metadata.labels"
	inSpec := func(value any, path ...string) change {
		return put(value, append([]string{"spec", "template", "spec"}, path...)...)
	}
	ref := func(value any, name string) change { return inSpec(value, "nodeClassRef", name) }
	label := func(key, value string) change { return put(value, "spec", "template", "metadata", "labels", key) }
	checkCreation(t, validNodePool, map[string]row{
		"API-014 no requirements are full flexibility": {nil, ""},
		"API-003 spec is required":                     {drop("spec"), "spec"},
		"API-010 template is required":                 {drop("spec", "template"), "spec.template"},
		"API-010 template spec is required":            {drop("spec", "template", "spec"), "spec.template.spec"},
		"API-014 requirements are required":            {drop("spec", "template", "spec", "requirements"), spec + ".requirements"},
		"API-014 100 requirements":                     {inSpec(manyRequirements(100), "requirements"), ""},
		"API-014 101 requirements":                     {inSpec(manyRequirements(101), "requirements"), spec + ".requirements"},
		"API-013 nodeClassRef is required":             {drop("spec", "template", "spec", "nodeClassRef"), spec + ".nodeClassRef"},
		"API-013 group is required":                    {drop("spec", "template", "spec", "nodeClassRef", "group"), spec + ".nodeClassRef.group"},
		"API-013 kind is required":                     {drop("spec", "template", "spec", "nodeClassRef", "kind"), spec + ".nodeClassRef.kind"},
		"API-013 name is required":                     {drop("spec", "template", "spec", "nodeClassRef", "name"), spec + ".nodeClassRef.name"},
		"API-013 group may not be empty":               {ref("", "group"), spec + ".nodeClassRef.group"},
		"API-013 kind may not be empty":                {ref("", "kind"), spec + ".nodeClassRef.kind"},
		"API-013 name may not be empty":                {ref("", "name"), spec + ".nodeClassRef.name"},
		"API-013 a group has no version":               {ref("karpenter.test.sh/v1", "group"), spec + ".nodeClassRef.group"},
		"API-011 a label":                              {label("team", "a-b_c.d"), ""},
		"API-011 a label without a value":              {label("team", ""), ""},
		"API-011 a label with a bad value":             {label("team", "a b"), labels + ".team"},
		"API-011 a label with the longest value":       {label("team", strings.Repeat("a", 63)), ""},
		"API-011 a label with a longer value":          {label("team", strings.Repeat("a", 64)), labels + ".team"},
		"API-011 100 labels":                           {put(manyLabels(100), "spec", "template", "metadata", "labels"), ""},
		"API-011 101 labels":                           {put(manyLabels(101), "spec", "template", "metadata", "labels"), labels},
		"API-062 a label key with a space":             {label("te am", "a"), ""},
		"API-061 a label of the core":                  {label("karpenter.sh/registered", "true"), labels},
		"API-061 a label below the core's domain":      {label("sub.karpenter.sh/x", "a"), labels},
		"API-061 the core's domain alone":              {label("karpenter.sh", "a"), labels},
		"API-061 a domain that only looks like it":     {label("notkarpenter.sh/x", "a"), ""},
		"API-061 a domain that continues":              {label("karpenter.sh.example.com/x", "a"), ""},
		"API-061 the capacity type":                    {label("karpenter.sh/capacity-type", "spot"), ""},
		"API-061 the pool itself":                      {label("karpenter.sh/nodepool", "a"), labels},
		"API-061 hostname":                             {label("kubernetes.io/hostname", "a"), labels},
		"API-061 another label of that domain":         {label("kubernetes.io/os", "linux"), ""},
		"API-012 annotations have no rules":            {put("any value", "spec", "template", "metadata", "annotations", "karpenter.sh/x y"), ""},
		"API-017 a grace period":                       {inSpec("1h30m", "terminationGracePeriod"), ""},
		"API-017 a grace period of zero":               {inSpec("0s", "terminationGracePeriod"), ""},
		"API-017 a grace period of Never":              {inSpec("Never", "terminationGracePeriod"), spec + ".terminationGracePeriod"},
		"API-017 a grace period that is negative":      {inSpec("-1s", "terminationGracePeriod"), spec + ".terminationGracePeriod"},
		"API-018 an expiry":                            {inSpec("60m", "expireAfter"), ""},
		"API-018 an expiry of Never":                   {inSpec("Never", "expireAfter"), ""},
		"API-051 never has case":                       {inSpec("never", "expireAfter"), spec + ".expireAfter"},
		"API-051 nothing around Never":                 {inSpec("FooNever", "expireAfter"), spec + ".expireAfter"},
		"API-051 days are no unit":                     {inSpec("30d", "expireAfter"), spec + ".expireAfter"},
		"API-051 milliseconds are no unit":             {inSpec("5ms", "expireAfter"), spec + ".expireAfter"},
		"API-051 hr is no unit":                        {inSpec("1hr", "expireAfter"), spec + ".expireAfter"},
		"API-051 a plain number":                       {inSpec(int64(5), "expireAfter"), spec + ".expireAfter"},
		"API-051 an empty text":                        {inSpec("", "expireAfter"), spec + ".expireAfter"},
		"API-054 an overflow":                          {inSpec("99999999999999999999h", "expireAfter"), ""},
	})
}

func TestNodePoolSpecAdmission(t *testing.T) {
	static := put(int64(3), "spec", "replicas")
	checkCreation(t, validNodePool, map[string]row{
		"API-020 limits":                          {put(fields{"cpu": int64(10), "memory": "1Ti"}, "spec", "limits"), ""},
		"API-006 a limit that is no quantity":     {put("lots", "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-006 a limit with a plus":             {put("+1", "spec", "limits", "example.com/x"), ""},
		"API-006 a negative limit":                {put("-1", "spec", "limits", "example.com/x"), "spec.limits.example.com/x"},
		"API-006 a negative number":               {put(int64(-1), "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-006 thousandths":                     {put("100m", "spec", "limits", "cpu"), ""},
		"API-006 an exponent":                     {put("1e3", "spec", "limits", "cpu"), ""},
		"API-006 a capital exponent":              {put("1E2", "spec", "limits", "cpu"), ""},
		"API-006 a negative exponent":             {put("1e-3", "spec", "limits", "cpu"), ""},
		"API-006 two digits of exponent":          {put("1e99", "spec", "limits", "cpu"), ""},
		"API-006 three digits of exponent":        {put("1e100", "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-006 a power of two":                  {put("5Gi", "spec", "limits", "memory"), ""},
		"API-006 a fraction as exponent":          {put("1e1.5", "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-006 half an exponent":                {put("1e.5", "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-006 an exponent beyond 64 bits":      {put("1e-9999999999999999999", "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-006 an exponent of minutes":          {put("1e-1999999999", "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-006 a large exponent":                {put("1e1999999999", "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-006 64 digits":                       {put(strings.Repeat("1", 64), "spec", "limits", "cpu"), ""},
		"API-006 65 digits":                       {put(strings.Repeat("1", 65), "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-020 hugepages":                       {put("5Gi", "spec", "limits", "hugepages-2Mi"), ""},
		"API-020 nodes":                           {put("5", "spec", "limits", "nodes"), ""},
		"API-020 a resource without a domain":     {put("5", "spec", "limits", "cpus"), "spec.limits"},
		"API-020 a resource without a name":       {put("5", "spec", "limits", "example.com/"), "spec.limits"},
		"API-020 a resource with a space":         {put("5", "spec", "limits", "example.com/a b"), "spec.limits"},
		"API-021 the least weight":                {put(int64(1), "spec", "weight"), ""},
		"API-021 no weight below":                 {put(int64(0), "spec", "weight"), "spec.weight"},
		"API-021 the greatest weight":             {put(int64(100), "spec", "weight"), ""},
		"API-021 no weight above":                 {put(int64(101), "spec", "weight"), "spec.weight"},
		"API-022 no replicas at all":              {put(int64(0), "spec", "replicas"), ""},
		"API-022 negative replicas":               {put(int64(-1), "spec", "replicas"), "spec.replicas"},
		"API-024 a static pool without limits":    {static, ""},
		"API-024 a static pool with empty limits": {all(static, put(fields{}, "spec", "limits")), ""},
		"API-024 a static pool limited in nodes":  {all(static, put("5", "spec", "limits", "nodes")), ""},
		"API-024 a static pool limited in cpu":    {all(static, put("5", "spec", "limits", "cpu")), "spec.limits"},
		"API-024 a static pool limited in both":   {all(static, put(fields{"nodes": "5", "cpu": "5"}, "spec", "limits")), "spec.limits"},
		"API-025 a static pool with a weight":     {all(static, put(int64(5), "spec", "weight")), "spec.weight"},
		"API-026 a static pool with consolidation": {all(static, put(fields{
			"consolidationPolicy": "Balanced", "consolidateAfter": "1m", "budgets": []any{fields{"nodes": "1"}},
		}, "spec", "disruption")), ""},
	})
}

func TestDisruptionAdmission(t *testing.T) {
	const budgets = "spec.disruption.budgets"
	set := func(value any, name string) change { return put(value, "spec", "disruption", name) }
	budget := func(budget fields) change { return set([]any{budget}, "budgets") }
	window := func(schedule, duration string) change {
		return budget(fields{"nodes": "1", "schedule": schedule, "duration": duration})
	}
	checkCreation(t, validNodePool, map[string]row{
		"API-035 a quiet time":                   {set("90s", "consolidateAfter"), ""},
		"API-035 no consolidation":               {set("Never", "consolidateAfter"), ""},
		"API-035 a negative quiet time":          {set("-1s", "consolidateAfter"), "spec.disruption.consolidateAfter"},
		"API-036 WhenEmpty":                      {set("WhenEmpty", "consolidationPolicy"), ""},
		"API-036 WhenEmptyOrUnderutilized":       {set("WhenEmptyOrUnderutilized", "consolidationPolicy"), ""},
		"API-036 Balanced":                       {set("Balanced", "consolidationPolicy"), ""},
		"API-036 policies have case":             {set("whenEmpty", "consolidationPolicy"), "spec.disruption.consolidationPolicy"},
		"API-037 no budgets":                     {set([]any{}, "budgets"), ""},
		"API-037 50 budgets":                     {set(repeat(fields{"nodes": "1"}, 50), "budgets"), ""},
		"API-037 51 budgets":                     {set(repeat(fields{"nodes": "1"}, 51), "budgets"), budgets},
		"API-038 a count":                        {budget(fields{"nodes": "123456"}), ""},
		"API-038 a percentage":                   {budget(fields{"nodes": "99%"}), ""},
		"API-038 all of the nodes":               {budget(fields{"nodes": "100%"}), ""},
		"API-038 more than all of the nodes":     {budget(fields{"nodes": "101%"}), budgets + "[0].nodes"},
		"API-038 a percentage that is not whole": {budget(fields{"nodes": "1.5%"}), budgets + "[0].nodes"},
		"API-038 a negative count":               {budget(fields{"nodes": "-1"}), budgets + "[0].nodes"},
		"API-038 a number in place of a text":    {budget(fields{"nodes": int64(1)}), budgets + "[0].nodes"},
		"API-045 a count beyond 64 bits":         {budget(fields{"nodes": "99999999999999999999"}), ""},
		"API-039 every reason":                   {budget(fields{"nodes": "1", "reasons": []any{"Underutilized", "Empty", "Drifted"}}), ""},
		"API-050 an empty list of reasons":       {budget(fields{"nodes": "1", "reasons": []any{}}), ""},
		"API-039 an unknown reason":              {budget(fields{"nodes": "1", "reasons": []any{"Expired"}}), budgets + "[0].reasons[0]"},
		"API-005 a reason twice":                 {budget(fields{"nodes": "1", "reasons": []any{"Empty", "Empty"}}), budgets + "[0].reasons[1]"},
		"API-040 five fields":                    {window("0 9 * * mon-fri", "8h"), ""},
		"API-040 a descriptor":                   {window("@daily", "8h"), ""},
		"API-040 an unknown descriptor":          {window("@never", "8h"), budgets + "[0].schedule"},
		"API-040 four fields":                    {window("0 9 * *", "8h"), budgets + "[0].schedule"},
		"API-048 a descriptor with a tail":       {window("@dailyx", "8h"), ""},
		"API-048 six fields":                     {window("0 0 9 * * *", "8h"), ""},
		"API-048 a range that runs backwards":    {window("0 9 * * tue-mon", "8h"), ""},
		"API-041 hours and minutes":              {window("@daily", "8h30m"), ""},
		"API-041 minutes":                        {window("@daily", "30m"), ""},
		"API-041 a trailing 0s":                  {window("@daily", "8h30m0s"), ""},
		"API-041 seconds":                        {window("@daily", "30s"), budgets + "[0].duration"},
		"API-041 minutes before hours":           {window("@daily", "30m8h"), budgets + "[0].duration"},
		"API-041 Never":                          {window("@daily", "Never"), budgets + "[0].duration"},
		"API-042 a schedule without a duration":  {budget(fields{"nodes": "1", "schedule": "@daily"}), budgets},
		"API-042 a duration without a schedule":  {budget(fields{"nodes": "1", "duration": "1h"}), budgets},
	})
}

// API-015 API-016
func TestTaintAdmission(t *testing.T) {
	for _, list := range []string{"taints", "startupTaints"} {
		at := "spec.template.spec." + list + "[0]"
		taint := func(taint fields) change { return put([]any{taint}, "spec", "template", "spec", list) }
		rows := map[string]row{
			"API-065 a taint":                       {taint(fields{"key": "example.com/a", "value": "b", "effect": "NoSchedule"}), ""},
			"API-065 without a value":               {taint(fields{"key": "a", "effect": "PreferNoSchedule"}), ""},
			"API-065 with a time":                   {taint(fields{"key": "a", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00Z"}), ""},
			"API-065 a time that is none":           {taint(fields{"key": "a", "effect": "NoExecute", "timeAdded": "today"}), at + ".timeAdded"},
			"API-065 a time of a zone":              {taint(fields{"key": "a", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00.123+05:30"}), ""},
			"API-065 a time that Go does not read":  {taint(fields{"key": "a", "effect": "NoExecute", "timeAdded": "2026-01-01t00:00:00z"}), at + ".timeAdded"},
			"API-065 a zone that there is not":      {taint(fields{"key": "a", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00+99:99"}), at + ".timeAdded"},
			"API-065 a separator that Go finds odd": {taint(fields{"key": "a", "effect": "NoExecute", "timeAdded": "2026-01-01T00:00:00x5Z"}), at + ".timeAdded"},
			"API-065 key is required":               {taint(fields{"effect": "NoSchedule"}), at + ".key"},
			"API-065 key may not be empty":          {taint(fields{"key": "", "effect": "NoSchedule"}), at + ".key"},
			"API-065 a key with a space":            {taint(fields{"key": "a b", "effect": "NoSchedule"}), at + ".key"},
			"API-065 a long key":                    {taint(fields{"key": strings.Repeat("a", 400), "effect": "NoSchedule"}), ""},
			"API-065 a value with a space":          {taint(fields{"key": "a", "value": "b c", "effect": "NoSchedule"}), at + ".value"},
			"API-065 a qualified value":             {taint(fields{"key": "a", "value": "example.com/b", "effect": "NoSchedule"}), ""},
			"API-065 effect is required":            {taint(fields{"key": "a"}), at + ".effect"},
			"API-065 an unknown effect":             {taint(fields{"key": "a", "effect": "Never"}), at + ".effect"},
			"API-066 a restricted domain":           {taint(fields{"key": "karpenter.sh/x", "effect": "NoSchedule"}), ""},
		}
		t.Run(list, func(t *testing.T) { checkCreation(t, validNodePool, rows) })
	}
}

func TestNodePoolUpdateAdmission(t *testing.T) {
	ref := func(value, name string) change { return put(value, "spec", "template", "spec", "nodeClassRef", name) }
	checkUpdate(t, validNodePool, map[string]row{
		"API-013 another NodeClass":            {ref("other", "name"), ""},
		"API-013 the group is immutable":       {ref("other.sh", "group"), "spec.template.spec.nodeClassRef.group"},
		"API-013 the kind is immutable":        {ref("Other", "kind"), "spec.template.spec.nodeClassRef.kind"},
		"API-023 a dynamic pool stays dynamic": {put(int64(1), "spec", "replicas"), "spec.replicas"},
		"API-092 anything else may change":     {put("1h", "spec", "template", "spec", "expireAfter"), ""},
	})
	checkUpdate(t, func() fields {
		pool := validNodePool()
		put(int64(1), "spec", "replicas")(pool)
		return pool
	}, map[string]row{
		"API-023 replicas may change":        {put(int64(2), "spec", "replicas"), ""},
		"API-023 a static pool stays static": {drop("spec", "replicas"), "spec.replicas"},
	})
}

func repeat(value fields, count int) []any {
	list := make([]any, count)
	for i := range list {
		list[i] = value
	}
	return list
}

func manyRequirements(count int) []any {
	list := make([]any, count)
	for i := range list {
		list[i] = fields{
			"key": fmt.Sprintf("%s/%d", strings.Repeat("a", 200), i), "operator": "In", "values": []any{"a", "b"}, "minValues": int64(2),
		}
	}
	return list
}

func manyLabels(count int) fields {
	labels := fields{}
	for i := range count {
		labels[fmt.Sprintf("%s/%d", strings.Repeat("a", 200), i)] = strings.Repeat("b", 63)
	}
	return labels
}
