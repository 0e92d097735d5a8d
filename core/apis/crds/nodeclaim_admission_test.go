// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"strings"
	"testing"
)

func validNodeClaim() fields {
	return fields{
		"apiVersion": "karpenter.sh/v1",
		"kind":       "NodeClaim",
		"metadata":   fields{"generateName": "claim-"},
		"spec": fields{
			"requirements": []any{},
			"nodeClassRef": fields{"group": "karpenter.test.sh", "kind": "TestNodeClass", "name": "default"},
		},
	}
}

func TestNodeClaimAdmission(t *testing.T) {
	taint := func(list string, taint fields) change { return put([]any{taint}, "spec", list) }
	checkCreation(t, validNodeClaim, map[string]row{
		"API-112 made by a user":                {nil, ""},
		"API-003 spec is required":              {drop("spec"), "spec"},
		"API-100 nodeClassRef is required":      {drop("spec", "nodeClassRef"), "spec.nodeClassRef"},
		"API-100 kind may not be empty":         {put("", "spec", "nodeClassRef", "kind"), "spec.nodeClassRef.kind"},
		"API-100 name may not be empty":         {put("", "spec", "nodeClassRef", "name"), "spec.nodeClassRef.name"},
		"API-100 a group has no version":        {put("a/v1", "spec", "nodeClassRef", "group"), "spec.nodeClassRef.group"},
		"API-101 requirements are required":     {drop("spec", "requirements"), "spec.requirements"},
		"API-101 100 requirements":              {put(manyRequirements(100), "spec", "requirements"), ""},
		"API-101 API-126 101 requirements":      {put(manyRequirements(101), "spec", "requirements"), "spec.requirements"},
		"API-102 a taint":                       {taint("taints", fields{"key": "a", "effect": "NoSchedule"}), ""},
		"API-102 a taint without a key":         {taint("taints", fields{"effect": "NoSchedule"}), "spec.taints[0].key"},
		"API-102 a taint of a bad value":        {taint("taints", fields{"key": "a", "value": "b c", "effect": "NoSchedule"}), "spec.taints[0].value"},
		"API-102 a startup taint":               {taint("startupTaints", fields{"key": "a", "effect": "NoExecute"}), ""},
		"API-102 a startup taint of no effect":  {taint("startupTaints", fields{"key": "a", "effect": "x"}), "spec.startupTaints[0].effect"},
		"API-103 requests":                      {put(fields{"cpu": int64(1), "memory": "1Gi"}, "spec", "resources", "requests"), ""},
		"API-103 extended resources":            {put(fields{"example.com/gpu": "2", "hugepages-2Mi": "4Mi", "pods": "3"}, "spec", "resources", "requests"), ""},
		"API-103 a negative request":            {put("-1", "spec", "resources", "requests", "cpu"), "spec.resources.requests.cpu"},
		"API-103 a resource without a domain":   {put("1", "spec", "resources", "requests", "gpu"), "spec.resources.requests"},
		"API-103 a request that takes minutes":  {put("1e-1999999999", "spec", "resources", "requests", "cpu"), "spec.resources.requests.cpu"},
		"API-103 a request that is no quantity": {put("lots", "spec", "resources", "requests", "cpu"), "spec.resources.requests.cpu"},
		"API-104 an expiry of Never":            {put("Never", "spec", "expireAfter"), ""},
		"API-104 an expiry in days":             {put("1d", "spec", "expireAfter"), "spec.expireAfter"},
		"API-104 a grace period":                {put("5m", "spec", "terminationGracePeriod"), ""},
		"API-104 a grace period of Never":       {put("Never", "spec", "terminationGracePeriod"), "spec.terminationGracePeriod"},
	})
}

// API-111
func TestNodeClaimIsImmutable(t *testing.T) {
	checkUpdate(t, validNodeClaim, map[string]row{
		"a new field":        {put("5m", "spec", "terminationGracePeriod"), "spec"},
		"a changed field":    {put("other", "spec", "nodeClassRef", "name"), "spec"},
		"another spelling":   {put("43200m", "spec", "expireAfter"), "spec"},
		"a removed field":    {drop("spec", "nodeClassRef"), "spec.nodeClassRef"},
		"a label":            {put("a", "metadata", "labels", "team"), ""},
		"an annotation":      {put("a", "metadata", "annotations", "team"), ""},
		"a finalizer":        {put([]any{"example.com/wait"}, "metadata", "finalizers"), ""},
		"a removed default":  {drop("spec", "expireAfter"), ""},
		"the spec as it was": {all(), ""},
	})
}

func validNodeOverlay() fields {
	return fields{
		"apiVersion": "karpenter.sh/v1alpha1",
		"kind":       "NodeOverlay",
		"metadata":   fields{"generateName": "overlay-"},
		"spec":       fields{"requirements": []any{}},
	}
}

func TestNodeOverlayAdmission(t *testing.T) {
	set := func(value any, path ...string) change { return put(value, append([]string{"spec"}, path...)...) }
	rows := map[string]row{
		"API-156 an overlay that sets nothing":  {nil, ""},
		"API-003 spec is required":              {drop("spec"), "spec"},
		"API-150 requirements are required":     {drop("spec", "requirements"), "spec.requirements"},
		"API-150 100 requirements":              {set(repeat(fields{"key": "a", "operator": "Exists"}, 100), "requirements"), ""},
		"API-150 101 requirements":              {set(repeat(fields{"key": "a", "operator": "Exists"}, 101), "requirements"), "spec.requirements"},
		"API-153 an extended resource":          {set("5", "capacity", "example.com/gpu"), ""},
		"API-153 a capacity that is none":       {set("lots", "capacity", "example.com/gpu"), "spec.capacity.example.com/gpu"},
		"API-154 the least weight":              {set(int64(1), "weight"), ""},
		"API-154 no weight below":               {set(int64(0), "weight"), "spec.weight"},
		"API-154 the greatest weight":           {set(int64(10000), "weight"), ""},
		"API-154 no weight above":               {set(int64(10001), "weight"), "spec.weight"},
		"API-156 a price":                       {set("1.5", "price"), ""},
		"API-156 a price adjustment":            {set("-10%", "priceAdjustment"), ""},
		"API-156 price and adjustment together": {all(set("1", "price"), set("+1", "priceAdjustment")), "spec.priceAdjustment"},
		"API-156 capacity beside a price":       {all(set("1", "price"), set("1", "capacity", "example.com/gpu")), ""},
	}
	for _, resource := range []string{"cpu", "memory", "ephemeral-storage", "pods"} {
		rows["API-153 "+resource] = row{set("5", "capacity", resource), "spec.capacity"}
	}
	for _, price := range []string{"0", "1", "1.5", "007"} {
		rows["API-151 price "+price] = row{set(price, "price"), ""}
	}
	for _, price := range []string{"-1", "+1", "1.", ".5", "1e3", "", "free"} {
		rows["API-151 no price "+price] = row{set(price, "price"), "spec.price"}
	}
	for _, adjustment := range []string{"+1", "-1", "+1.5", "-.5", "+10%", "+1000%", "+.5%", "-99.9%", "-100%"} {
		rows["API-152 adjustment "+adjustment] = row{set(adjustment, "priceAdjustment"), ""}
	}
	for _, adjustment := range []string{"1", "10%", "-100.0%", "-101%", "+", "%", "+1e3", "++1", ""} {
		rows["API-152 no adjustment "+adjustment] = row{set(adjustment, "priceAdjustment"), "spec.priceAdjustment"}
	}
	checkCreation(t, validNodeOverlay, rows)
}

func validCapacityBuffer() fields {
	return fields{
		"apiVersion": "autoscaling.x-k8s.io/v1beta1",
		"kind":       "CapacityBuffer",
		"metadata":   fields{"generateName": "buffer-", "namespace": "default"},
		"spec":       fields{"replicas": int64(1)},
	}
}

func TestCapacityBufferAdmission(t *testing.T) {
	template := put("small", "spec", "podTemplateRef", "name")
	scalable := put(fields{"apiGroup": "apps", "kind": "Deployment", "name": "web"}, "spec", "scalableRef")
	noReplicas := drop("spec", "replicas")
	checkCreation(t, validCapacityBuffer, map[string]row{
		"API-170 neither reference":                {nil, ""},
		"API-003 spec is required":                 {drop("spec"), "spec"},
		"API-165 a pod template":                   {template, ""},
		"API-165 the name may not be empty":        {put("", "spec", "podTemplateRef", "name"), "spec.podTemplateRef.name"},
		"API-165 the name is required":             {put(fields{}, "spec", "podTemplateRef"), "spec.podTemplateRef.name"},
		"API-166 a workload":                       {scalable, ""},
		"API-166 an empty group":                   {all(scalable, put("", "spec", "scalableRef", "apiGroup")), ""},
		"API-166 a missing group":                  {all(scalable, drop("spec", "scalableRef", "apiGroup")), ""},
		"API-166 the kind may not be empty":        {all(scalable, put("", "spec", "scalableRef", "kind")), "spec.scalableRef.kind"},
		"API-166 the kind is required":             {all(scalable, drop("spec", "scalableRef", "kind")), "spec.scalableRef.kind"},
		"API-166 the workload's name is not empty": {all(scalable, put("", "spec", "scalableRef", "name")), "spec.scalableRef.name"},
		"API-166 the workload's name is required":  {all(scalable, drop("spec", "scalableRef", "name")), "spec.scalableRef.name"},
		"API-167 no replicas":                      {put(int64(0), "spec", "replicas"), ""},
		"API-167 negative replicas":                {put(int64(-1), "spec", "replicas"), "spec.replicas"},
		"API-167 no percentage":                    {put(int64(0), "spec", "percentage"), ""},
		"API-167 more than all":                    {put(int64(250), "spec", "percentage"), ""},
		"API-167 a negative percentage":            {put(int64(-1), "spec", "percentage"), "spec.percentage"},
		"API-168 limits":                           {put("10", "spec", "limits", "cpu"), ""},
		"API-168 a limit that is no quantity":      {put("lots", "spec", "limits", "cpu"), "spec.limits.cpu"},
		"API-170 both references":                  {all(template, scalable), "spec.scalableRef"},
		"API-170 a template without a number":      {all(template, noReplicas), "spec.replicas"},
		"API-170 a template with limits":           {all(template, noReplicas, put("10", "spec", "limits", "cpu")), ""},
		"API-170 a workload without a number":      {all(scalable, noReplicas), ""},
	})
}

// API-084, API-113
func TestConditionAdmission(t *testing.T) {
	for kind, valid := range map[string]func() fields{
		"NodePool": validNodePool, "NodeOverlay": validNodeOverlay, "CapacityBuffer": validCapacityBuffer,
	} {
		t.Run(kind, func(t *testing.T) {
			checkConditions(t, valid, map[string]row{
				"the message is required": {drop("message"), "message"},
				"the reason is required":  {drop("reason"), "reason"},
				"the reason is not empty": {put("", "reason"), "reason"},
			})
		})
	}
	t.Run("NodeClaim", func(t *testing.T) {
		checkConditions(t, validNodeClaim, map[string]row{
			"API-173 a missing message": {drop("message"), ""},
			"API-173 a missing reason":  {drop("reason"), ""},
			"API-173 an empty reason":   {put("", "reason"), ""},
		})
	})
}

func checkConditions(t *testing.T, valid func() fields, rows map[string]row) {
	for name, more := range map[string]row{
		"a condition":                  {all(), ""},
		"an empty message":             {put("", "message"), ""},
		"the longest message":          {put(strings.Repeat("a", 32768), "message"), ""},
		"a longer message":             {put(strings.Repeat("a", 32769), "message"), "message"},
		"the longest reason":           {put(strings.Repeat("a", 1024), "reason"), ""},
		"a longer reason":              {put(strings.Repeat("a", 1025), "reason"), "reason"},
		"a reason with a space":        {put("a b", "reason"), "reason"},
		"the type is required":         {drop("type"), "type"},
		"a type with a prefix":         {put("example.com/Type", "type"), ""},
		"a type with a space":          {put("a b", "type"), "type"},
		"a type that is too long":      {put(strings.Repeat("a", 317), "type"), "type"},
		"the status is required":       {drop("status"), "status"},
		"an unknown status":            {put("Maybe", "status"), "status"},
		"Unknown is a status":          {put("Unknown", "status"), ""},
		"a generation":                 {put(int64(0), "observedGeneration"), ""},
		"a negative generation":        {put(int64(-1), "observedGeneration"), "observedGeneration"},
		"the transition is required":   {drop("lastTransitionTime"), "lastTransitionTime"},
		"a transition that is no time": {put("today", "lastTransitionTime"), "lastTransitionTime"},
	} {
		rows[name] = more
	}
	checkStatusUpdate(t, valid, rows)
}
