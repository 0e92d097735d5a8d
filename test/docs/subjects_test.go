// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"path"
	"strings"
	"testing"

	"karpenter.sh/core/testkit/markdown"
)

// subjects are what the documentation has to be about (OPS-284), and where: pages, with a
// heading if it is a part of one.
func subjects() map[string][]string {
	const aws, charts, contributing = "providers/aws/README.md", "charts/README.md", "CONTRIBUTING.md"
	in := func(page string) string { return guide + "/" + page }
	return map[string][]string{
		"getting started":                        {in("getting-started.md"), aws + "#install"},
		"migrating from Cluster Autoscaler":      {in("migration.md#from-cluster-autoscaler")},
		"NodePools":                              {in("nodepools.md"), in("concepts.md#objects")},
		"NodeClasses":                            {in("concepts.md#objects"), aws + "#ec2nodeclass"},
		"NodeClaims":                             {in("nodeclaims.md")},
		"NodeOverlays, capacity buffers":         {in("nodepools.md#accepted-without-effect-yet")},
		"scheduling":                             {in("scheduling.md")},
		"disruption":                             {in("disruption.md")},
		"image management":                       {"providers/aws/docs/images.md"},
		"capacity reservations":                  {"providers/aws/docs/capacity-reservations.md"},
		"debug logging":                          {in("troubleshooting.md#debug-logging")},
		"troubles with installation":             {in("troubleshooting.md#it-does-not-start-or-is-not-ready")},
		"CRD ownership errors":                   {in("troubleshooting.md#helm-refuses-to-take-over-crds"), charts + "#definitions-that-are-there-already"},
		"uninstalling and stuck finalizers":      {in("troubleshooting.md#uninstalled-and-nodes-cannot-be-deleted"), charts + "#uninstall"},
		"troubles with provisioning":             {in("troubleshooting.md#a-pod-stays-pending"), in("troubleshooting.md#a-nodepool-launches-nothing")},
		"volume limits":                          {in("troubleshooting.md#volumes")},
		"topology spread":                        {in("troubleshooting.md#topology-spread")},
		"deprovisioning blocks":                  {in("troubleshooting.md#nodes-do-not-go"), in("troubleshooting.md#a-node-is-stuck-while-it-goes")},
		"nodes not created, registered or ready": {in("troubleshooting.md#a-nodeclaim-does-not-become-ready"), aws + "#a-machine-does-not-join"},
		"nodes not initialized":                  {in("nodeclaims.md#what-it-waits-for")},
		"questions":                              {in("faq.md")},
		"upgrade guide":                          {in("upgrade.md")},
		"compatibility matrix":                   {in("compatibility.md#kubernetes"), in("compatibility.md#api"), in("compatibility.md#charts-definitions-controller")},
		"release types":                          {in("compatibility.md#kinds-of-releases")},
		"settings":                               {in("reference/settings.md")},
		"metrics":                                {in("reference/metrics.md")},
		"events":                                 {in("reference/events.md")},
		"RBAC":                                   {in("reference/rbac.md")},
		"threat model":                           {in("threat-model.md")},
		"contributing":                           {contributing},
		"design":                                 {contributing + "#how-the-code-is-laid-out", "README.md#how-it-works"},
		"release process":                        {contributing + "#releases"},
		"dashboards and alerts":                  {"monitoring/README.md"},
	}
}

// OPS-284: there is a place for each subject, and a way to its page from the index of the
// documentation, or from a page that is linked there.
func TestSubjects(t *testing.T) {
	pages := everyPage(t)
	found := reachable(pages, guide+"/README.md", 2)
	for subject, places := range subjects() {
		for _, place := range places {
			name, anchor, _ := strings.Cut(place, "#")
			page, ok := pages[name]
			switch {
			case !ok:
				t.Errorf("%s: there is no page %s", subject, name)
			case anchor != "" && !page.Anchors[anchor]:
				t.Errorf("%s: %s has no such heading", subject, place)
			case !found[name]:
				t.Errorf("%s: nobody finds %s from the index", subject, name)
			}
		}
	}
}

// reachable are the pages that so many links lead to.
func reachable(pages map[string]markdown.Page, from string, links int) map[string]bool {
	found, edge := map[string]bool{from: true}, []string{from}
	for range links {
		var next []string
		for _, name := range edge {
			for _, link := range pages[name].Links {
				file, _, _ := strings.Cut(link, "#")
				to := path.Join(path.Dir(name), file)
				if _, ok := pages[to]; ok && !found[to] {
					found[to], next = true, append(next, to)
				}
			}
		}
		edge = next
	}
	return found
}
