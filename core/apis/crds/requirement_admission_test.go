// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"slices"
	"strings"
	"testing"
)

// A requirementRow is a requirement, and which kinds reject it for which of its
// fields; the empty field is the requirement itself.
type requirementRow struct {
	requirement fields
	field       string
	rejectedBy  []string
}

// In each kind, requirements are at another place.
var requirementKinds = map[string]struct {
	valid func() fields
	path  []string
}{
	"NodePool":    {validNodePool, []string{"spec", "template", "spec", "requirements"}},
	"NodeClaim":   {validNodeClaim, []string{"spec", "requirements"}},
	"NodeOverlay": {validNodeOverlay, []string{"spec", "requirements"}},
}

func TestRequirementAdmission(t *testing.T) {
	all := []string{"NodePool", "NodeClaim", "NodeOverlay"}
	withMinValues := []string{"NodePool", "NodeClaim"}
	pool, overlay := []string{"NodePool"}, []string{"NodeOverlay"}
	need := func(key, operator string, values ...any) fields {
		return fields{"key": key, "operator": operator, "values": values}
	}
	atLeast := func(minValues int64, requirement fields) fields {
		requirement["minValues"] = minValues
		return requirement
	}
	checkRequirements(t, map[string]requirementRow{
		"API-055 a key":                                {need("example.com/team", "In", "a"), "", nil},
		"API-055 key is required":                      {fields{"operator": "Exists"}, "key", all},
		"API-055 a key with a space":                   {need("te am", "Exists"), "key", all},
		"API-055 a key with two slashes":               {need("a/b/c", "Exists"), "key", all},
		"API-055 an empty key":                         {need("", "Exists"), "key", all},
		"API-055 a prefix in capitals":                 {need("Example.com/a", "Exists"), "key", all},
		"API-055 the longest key":                      {need(strings.Repeat("a", 316), "Exists"), "", nil},
		"API-055 a longer key":                         {need(strings.Repeat("a", 317), "Exists"), "key", all},
		"API-056 operator is required":                 {fields{"key": "a"}, "operator", all},
		"API-056 an unknown operator":                  {need("a", "Near", "b"), "operator", all},
		"API-056 operators have case":                  {need("a", "exists"), "operator", all},
		"API-056 Exists":                               {fields{"key": "a", "operator": "Exists"}, "", nil},
		"API-056 DoesNotExist":                         {fields{"key": "a", "operator": "DoesNotExist"}, "", nil},
		"API-056 NotIn":                                {need("a", "NotIn", "b", "c"), "", nil},
		"API-059 Exists with values":                   {need("a", "Exists", "b"), "", nil},
		"API-057 the longest value":                    {need("a", "In", strings.Repeat("b", 63)), "", nil},
		"API-057 a longer value":                       {need("a", "In", "b", strings.Repeat("b", 64)), "values[1]", all},
		"API-057 a value with a space":                 {need("a", "In", "b c"), "values[0]", all},
		"API-057 an empty value":                       {need("a", "In", ""), "", nil},
		"API-057 many values":                          {need("a", "In", slices.Repeat([]any{"b"}, 1000)...), "", nil},
		"API-060 In of nothing":                        {need("a", "In"), "", all},
		"API-060 In without values":                    {fields{"key": "a", "operator": "In"}, "", all},
		"API-060 NotIn of nothing":                     {need("a", "NotIn"), "", overlay},
		"API-060 NotIn without values":                 {fields{"key": "a", "operator": "NotIn"}, "", overlay},
		"API-060 Gt":                                   {need("a", "Gt", "1"), "", nil},
		"API-060 Lt":                                   {need("a", "Lt", "1"), "", nil},
		"API-060 Gte":                                  {need("a", "Gte", "1"), "", nil},
		"API-060 Lte of zero":                          {need("a", "Lte", "0"), "", nil},
		"API-060 Gt with leading zeros":                {need("a", "Gt", "007"), "", nil},
		"API-060 Gt of the greatest integer":           {need("a", "Gt", "9223372036854775807"), "", nil},
		"API-060 Gt beyond 64 bits":                    {need("a", "Gt", "9223372036854775808"), "", all},
		"API-060 Gt of nothing":                        {need("a", "Gt"), "", all},
		"API-060 Lt without values":                    {fields{"key": "a", "operator": "Lt"}, "", all},
		"API-060 Gte of two":                           {need("a", "Gte", "1", "2"), "", all},
		"API-060 Lte of a word":                        {need("a", "Lte", "one"), "", all},
		"API-060 Lt of a fraction":                     {need("a", "Lt", "1.5"), "", all},
		"API-058 minValues":                            {atLeast(2, need("a", "In", "b", "c")), "", nil},
		"API-058 the least minValues":                  {atLeast(1, need("a", "Exists")), "", nil},
		"API-058 the greatest minValues":               {atLeast(50, need("a", "Exists")), "", nil},
		"API-058 minValues with an integer":            {atLeast(5, need("a", "Gt", "1")), "", nil},
		"API-058 minValues below":                      {atLeast(0, need("a", "Exists")), "minValues", withMinValues},
		"API-058 minValues above":                      {atLeast(51, need("a", "Exists")), "minValues", withMinValues},
		"API-060 fewer values than minValues":          {atLeast(2, need("a", "In", "b")), "", withMinValues},
		"API-063 duplicates count until runtime":       {atLeast(2, need("a", "In", "b", "b")), "", nil},
		"API-061 a key of the core":                    {need("karpenter.sh/registered", "Exists"), "key", all},
		"API-061 a key below the core's domain":        {need("sub.karpenter.sh/x", "Exists"), "key", all},
		"API-061 the core's domain alone":              {need("karpenter.sh", "Exists"), "key", all},
		"API-061 a domain that only looks like it":     {need("notkarpenter.sh/x", "Exists"), "", nil},
		"API-061 the core's domain after the slash":    {need("example.com/karpenter.sh", "Exists"), "", nil},
		"API-061 the capacity type":                    {need("karpenter.sh/capacity-type", "In", "spot"), "", nil},
		"API-061 a longer name than the capacity type": {need("karpenter.sh/capacity-type-x", "Exists"), "key", all},
		"API-061 API-101 API-161 the pool itself":      {need("karpenter.sh/nodepool", "In", "a"), "key", pool},
		"API-061 hostname":                             {need("kubernetes.io/hostname", "In", "a"), "key", all},
		"API-061 hostname of another domain":           {need("example.com/hostname", "In", "a"), "", nil},
	})
}

func checkRequirements(t *testing.T, rows map[string]requirementRow) {
	for kind, place := range requirementKinds {
		kindRows := map[string]row{}
		for name, requirement := range rows {
			kindRow := row{change: put([]any{requirement.requirement}, place.path...)}
			if slices.Contains(requirement.rejectedBy, kind) {
				kindRow.rejected = strings.TrimSuffix(strings.Join(place.path, ".")+"[0]."+requirement.field, ".")
			}
			kindRows[name] = kindRow
		}
		t.Run(kind, func(t *testing.T) { checkCreation(t, place.valid, kindRows) })
	}
}
