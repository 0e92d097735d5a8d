// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// A domain is a set of label keys that users may not set or ask for.
type domain struct {
	// pattern matches the keys of the set.
	pattern string
	// allowed are the keys that are free nevertheless.
	allowed []string
	// message is what a user reads whose key is rejected.
	message string
}

// keys are the domains that are closed to each kind.
type keys struct {
	// all are those of NodePools and NodeClaims.
	all []domain
	// overlay are those of NodeOverlays.
	overlay []domain
}

// ownership keeps a pool from naming a pool: that label is set on what the pool
// makes (API-061 b).
func ownership() domain {
	return domain{pattern: `^karpenter[.]sh/nodepool$`, message: "label karpenter.sh/nodepool is restricted"}
}

// restrictedDomains returns the core's domains and those of the command line.
func restrictedDomains(opts options) ([]domain, error) {
	domains := []domain{
		closedDomain(coreGroup, []string{"karpenter.sh/capacity-type", "karpenter.sh/nodepool"}),
		{pattern: `^kubernetes[.]io/hostname$`, message: "label kubernetes.io/hostname is restricted"},
	}
	used := map[string]bool{}
	for _, name := range opts.restrictDomains {
		closed := closedDomain(name, opts.allowLabels)
		domains = append(domains, closed)
		for _, label := range closed.allowed {
			used[label] = true
		}
	}
	for _, label := range opts.allowLabels {
		if !used[label] {
			return nil, fmt.Errorf("label %s is allowed but in no restricted domain", label)
		}
	}
	return domains, nil
}

// closedDomain is the set of the keys in a domain and its subdomains, less those
// of the labels that lie in it.
func closedDomain(name string, labels []string) domain {
	escaped := strings.ReplaceAll(name, ".", "[.]")
	closed := domain{
		pattern: `^([^/]*[.])?` + escaped + `(/|$)`,
		message: fmt.Sprintf("label domain %q is restricted", name),
	}
	within := regexp.MustCompile(closed.pattern)
	for _, label := range labels {
		if within.MatchString(label) {
			closed.allowed = append(closed.allowed, label)
		}
	}
	return closed
}

// forbid returns the domains with fewer labels allowed in them.
func forbid(domains []domain, labels []string) ([]domain, error) {
	narrow := slices.Clone(domains)
	for _, label := range labels {
		i := slices.IndexFunc(narrow, func(d domain) bool { return slices.Contains(d.allowed, label) })
		if i < 0 {
			return nil, fmt.Errorf("label %s is forbidden in NodeOverlays but allowed nowhere", label)
		}
		narrow[i].allowed = slices.DeleteFunc(slices.Clone(narrow[i].allowed), func(allowed string) bool { return allowed == label })
	}
	return narrow, nil
}

// permits is the CEL expression that holds for a key outside the set.
func (d domain) permits(key string) string {
	free := fmt.Sprintf("!%s.matches('%s')", key, d.pattern)
	if len(d.allowed) == 0 {
		return free
	}
	return fmt.Sprintf("%s in ['%s'] || %s", key, strings.Join(d.allowed, "', '"), free)
}

// restrictKey keeps a requirement key out of the domains.
func restrictKey(domains []domain) change {
	return restrict(domains, func(d domain) string { return d.permits("self") })
}

// restrictLabels keeps the keys of a label map out of the domains.
func restrictLabels(domains []domain) change {
	return restrict(domains, func(d domain) string { return "self.all(key, " + d.permits("key") + ")" })
}

func restrict(domains []domain, expression func(domain) string) change {
	return func(schema *apiextensionsv1.JSONSchemaProps) {
		for _, d := range domains {
			schema.XValidations = append(schema.XValidations, apiextensionsv1.ValidationRule{
				Rule:    expression(d),
				Message: d.message,
			})
		}
	}
}
