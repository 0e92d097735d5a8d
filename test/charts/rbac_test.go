// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	rbacv1 "k8s.io/api/rbac/v1"
)

// grant is one verb on one resource of a group.
type grant struct{ group, resource, verb string }

// expand lists what rules grant.
func expand(rules []rbacv1.PolicyRule) []grant {
	found := map[grant]bool{}
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					found[grant{group, resource, verb}] = true
				}
			}
		}
	}
	return sorted(found)
}

func sorted(grants map[grant]bool) []grant {
	return slices.SortedFunc(maps.Keys(grants), func(a, b grant) int {
		return strings.Compare(a.group+" "+a.resource+" "+a.verb, b.group+" "+b.resource+" "+b.verb)
	})
}

// specified reads the table of the core's rules (OPS-237) in the specification.
func specified(t testing.TB) []grant {
	t.Helper()
	chapter, err := os.ReadFile(filepath.Join(root, "core/docs/spec/operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(chapter), "| Group | Resources | Verbs | Why |\n|---|---|---|---|\n")
	if !found {
		t.Fatal("the table of rules is not in the chapter")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	grants := map[grant]bool{}
	for row := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(row, "|")
		group := strings.Trim(cells[1], " `")
		if group == "core" {
			group = ""
		}
		for resource := range strings.SplitSeq(cells[2], ",") {
			for verb := range strings.SplitSeq(cells[3], ",") {
				grants[grant{group, strings.TrimSpace(resource), strings.TrimSpace(verb)}] = true
			}
		}
	}
	return sorted(grants)
}

// own are the rules of each provider beside the core's (OPS-238, OPS-247).
var own = map[string][]grant{
	"kwok": {
		{"", "nodes", "create"},
		{"karpenter.kwok.sh", "kwoknodeclasses", "get"}, {"karpenter.kwok.sh", "kwoknodeclasses", "list"}, {"karpenter.kwok.sh", "kwoknodeclasses", "watch"},
	},
	"aws": {
		{"karpenter.k8s.aws", "ec2nodeclasses", "get"}, {"karpenter.k8s.aws", "ec2nodeclasses", "list"},
		{"karpenter.k8s.aws", "ec2nodeclasses", "patch"}, {"karpenter.k8s.aws", "ec2nodeclasses", "watch"},
		{"karpenter.k8s.aws", "ec2nodeclasses/status", "patch"},
	},
	"clusterapi": sorted(grants("karpenter.cluster.x-k8s.io", []string{"get", "list", "patch", "watch"}, "clusterapinodeclasses").
		and(grants("karpenter.cluster.x-k8s.io", []string{"patch"}, "clusterapinodeclasses/status")).
		and(managed)),
	"proxmox": sorted(grants("karpenter.proxmox.sinextra.dev", []string{"get", "list", "patch", "watch"}, "proxmoxnodeclasses", "proxmoxtemplates", "proxmoxunmanagedtemplates").
		and(grants("karpenter.proxmox.sinextra.dev", []string{"patch"}, "proxmoxnodeclasses/status", "proxmoxtemplates/status", "proxmoxunmanagedtemplates/status"))),
}

// managed are the rules about the management cluster of Cluster API (CAPI-065).
var managed = grants("cluster.x-k8s.io", []string{"get", "list", "watch"}, "clusters", "machinedeployments", "machines", "machinesets").
	and(grants("cluster.x-k8s.io", []string{"patch"}, "machinedeployments", "machines")).
	and(grants("cluster.x-k8s.io", []string{"delete"}, "machines")).
	and(grants("infrastructure.cluster.x-k8s.io", []string{"get"}, "*"))

// inNamespaces are the rules of each provider in namespaces, beside the Lease.
var inNamespaces = map[string]map[string][]grant{
	"aws": {"kube-system/karpenter-dns": {{"", "services", "get"}}},
	"proxmox": {
		"kube-system/karpenter-authority": {{"", "configmaps", "get"}},
		"kube-system/karpenter-bootstrap": sorted(grants("", []string{"create", "delete", "get", "list", "watch"}, "secrets")),
		"kube-system/karpenter-secrets":   sorted(grants("", []string{"get", "list", "watch"}, "secrets")),
	},
}

func differ(want, got []grant) string { return cmp.Diff(want, got, cmp.AllowUnexported(grant{})) }

// OPS-237, OPS-238, OPS-247: the rules are those of the table, and no more.
func TestRules(t *testing.T) {
	for _, provider := range providers {
		all := render(t, provider)
		if diff := differ(specified(t), expand(find[rbacv1.ClusterRole](t, all, "ClusterRole", "karpenter-core").Rules)); diff != "" {
			t.Errorf("%s: core: %s", provider, diff)
		}
		if diff := differ(own[provider], expand(find[rbacv1.ClusterRole](t, all, "ClusterRole", "karpenter").Rules)); diff != "" {
			t.Errorf("%s: %s", provider, diff)
		}
	}
}

// OPS-237: without nominations the status of pods stays out of reach, also if that is said
// by a variable.
func TestRuleOfNominations(t *testing.T) {
	for _, args := range [][]string{
		{"--set", "settings.nominatePods=false"},
		{"--set-json", `controller.env=[{"name":"NOMINATE_PODS","value":"false"}]`},
	} {
		rules := find[rbacv1.ClusterRole](t, render(t, "kwok", args...), "ClusterRole", "karpenter-core").Rules
		want := slices.DeleteFunc(specified(t), func(g grant) bool { return g.resource == "pods/status" })
		if diff := differ(want, expand(rules)); diff != "" {
			t.Errorf("%v: %s", args, diff)
		}
	}
}

// OPS-247, CAPI-065: what a management cluster of its own grants is not granted here.
func TestManagementElsewhere(t *testing.T) {
	for _, args := range [][]string{
		{"--set", "settings.clusterAPIURL=https://management.example.org"},
		{"--set", "settings.clusterAPIKubeconfig.secret=management"},
		{"--set-json", `controller.env=[{"name":"CLUSTER_API_KUBECONFIG","value":"/mine"}]`},
	} {
		rules := find[rbacv1.ClusterRole](t, render(t, "clusterapi", args...), "ClusterRole", "karpenter").Rules
		want := slices.DeleteFunc(slices.Clone(own["clusterapi"]), func(g grant) bool { return managed[g] })
		if diff := differ(want, expand(rules)); diff != "" {
			t.Errorf("%v: %s", args, diff)
		}
	}
}

// CAPI-065: the manifest for a management cluster grants the same there.
func TestManagementRole(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "providers/clusterapi/examples/management-rbac.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	role := find[rbacv1.ClusterRole](t, parse(t, string(content)), "ClusterRole")
	if diff := differ(sorted(managed), expand(role.Rules)); diff != "" {
		t.Error(diff)
	}
}

// PVE-112: Secrets can be read where NodeClasses refer to them.
func TestReferencedNamespaces(t *testing.T) {
	all := renderIn(t, "karpenter", "proxmox", "--set-json", `referenceNamespaces=["talos","images"]`)
	var got []string
	for _, object := range all {
		if name := object.GetName(); object.GetKind() == "RoleBinding" && (name == "karpenter-references" || name == "karpenter-secrets") {
			got = append(got, object.GetNamespace()+" "+name)
		}
	}
	if slices.Sort(got); !slices.Equal(got, []string{"images karpenter-references", "karpenter karpenter-secrets", "talos karpenter-references"}) {
		t.Errorf("granted in %v", got)
	}
}

// PVE-098: machines that come with a token of the provider get a client certificate.
func TestBootstrapGroup(t *testing.T) {
	all, group := render(t, "proxmox"), "system:bootstrappers:karpenter:proxmox"
	for name, role := range map[string]string{
		"karpenter-node-bootstrapper":        "system:node-bootstrapper",
		"karpenter-node-client-certificates": "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
	} {
		binding := find[rbacv1.ClusterRoleBinding](t, all, "ClusterRoleBinding", name)
		want := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: group}}
		if diff := cmp.Diff(want, binding.Subjects); diff != "" || binding.RoleRef.Name != role {
			t.Errorf("%s gives role %s: %s", name, binding.RoleRef.Name, diff)
		}
	}
}

// OPS-208: what the user adds.
func TestAdditionalRules(t *testing.T) {
	rules := find[rbacv1.ClusterRole](t, render(t, "kwok", everything("kwok")...), "ClusterRole", "full-core").Rules
	if !slices.Contains(expand(rules), grant{"example.org", "things", "get"}) {
		t.Errorf("the rules are %v", rules)
	}
}

// OPS-239: the lease, wherever it is.
func TestLeaseRule(t *testing.T) {
	for _, c := range []struct{ env, name, namespace string }{
		{`[]`, "karpenter-leader-election", "kube-system"},
		{`[{"name":"LEADER_ELECTION_NAME","value":"mine"}]`, "mine", "kube-system"},
		{`[{"name":"LEADER_ELECTION_NAMESPACE","value":"there"}]`, "karpenter-leader-election", "there"},
		{`[{"name":"LEADER_ELECTION_NAMESPACE","value":""}]`, "karpenter-leader-election", "kube-system"},
		{`[{"name":"LEADER_ELECTION_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]`, "karpenter-leader-election", "kube-system"},
	} {
		all := render(t, "aws", "--set-json", "controller.env="+c.env)
		role, binding := find[rbacv1.Role](t, all, "Role", "karpenter"), find[rbacv1.RoleBinding](t, all, "RoleBinding", "karpenter")
		group, leases := []string{"coordination.k8s.io"}, []string{"leases"}
		want := []rbacv1.PolicyRule{
			{APIGroups: group, Resources: leases, Verbs: []string{"create"}},
			{APIGroups: group, Resources: leases, ResourceNames: []string{c.name}, Verbs: []string{"get", "update"}},
		}
		if diff := cmp.Diff(want, role.Rules); diff != "" {
			t.Errorf("%s: %s", c.env, diff)
		}
		if role.Namespace != c.namespace || binding.Namespace != c.namespace || binding.Subjects[0].Namespace != "kube-system" {
			t.Errorf("%s: role in %s, binding in %s of %v", c.env, role.Namespace, binding.Namespace, binding.Subjects)
		}
	}
}

// OPS-240, OPS-241: who may look up the address of the DNS, and that nothing else is granted in a
// namespace but what a provider names.
func TestNamespacedRules(t *testing.T) {
	for _, provider := range providers {
		got := map[string][]grant{}
		for _, object := range render(t, provider) {
			if object.GetKind() == "Role" && object.GetName() != "karpenter" {
				got[object.GetNamespace()+"/"+object.GetName()] = expand(find[rbacv1.Role](t, objects{object}, "Role").Rules)
			}
		}
		want := inNamespaces[provider]
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(grant{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", provider, diff)
		}
	}
	rules := find[rbacv1.Role](t, render(t, "aws"), "Role", "karpenter-dns").Rules
	if diff := cmp.Diff([]rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"services"}, ResourceNames: []string{"kube-dns"}, Verbs: []string{"get"}}}, rules); diff != "" {
		t.Error(diff)
	}
}

// OPS-242: what people may do beside what those before may; nobody creates NodeClaims.
func TestAggregatedRules(t *testing.T) {
	classes := map[string][]string{
		"kwok": {"karpenter.kwok.sh", "kwoknodeclasses"}, "aws": {"karpenter.k8s.aws", "ec2nodeclasses"},
		"clusterapi": {"karpenter.cluster.x-k8s.io", "clusterapinodeclasses"},
		"proxmox":    {"karpenter.proxmox.sinextra.dev", "proxmoxnodeclasses", "proxmoxtemplates", "proxmoxunmanagedtemplates"},
	}
	read, change := []string{"get", "list", "watch"}, []string{"delete", "patch", "update"}
	for _, provider := range providers {
		all, group, resources := render(t, provider), classes[provider][0], classes[provider][1:]
		var readable []string
		for _, resource := range resources {
			readable = append(readable, resource, resource+"/status")
		}
		for to, want := range map[string]granted{
			"view": grants("karpenter.sh", read, "nodepools", "nodepools/status", "nodeclaims", "nodeclaims/status", "nodeoverlays", "nodeoverlays/status").
				and(grants(group, read, readable...)),
			"edit":  grants("karpenter.sh", append(change, "create"), "nodepools", "nodeoverlays").and(grants("karpenter.sh", change, "nodeclaims")),
			"admin": grants(group, append(change, "create"), resources...),
		} {
			role := find[rbacv1.ClusterRole](t, all, "ClusterRole", "karpenter-"+to)
			if diff := differ(sorted(want), expand(role.Rules)); diff != "" {
				t.Errorf("%s, %s: %s", provider, to, diff)
			}
			aggregated := map[string]string{}
			for label, value := range role.Labels {
				if strings.HasPrefix(label, "rbac.authorization.k8s.io/") {
					aggregated[label] = value
				}
			}
			if diff := cmp.Diff(map[string]string{"rbac.authorization.k8s.io/aggregate-to-" + to: "true"}, aggregated); diff != "" {
				t.Errorf("%s, %s: %s", provider, to, diff)
			}
		}
	}
}

// granted is a set of grants.
type granted map[grant]bool

func grants(group string, verbs []string, resources ...string) granted {
	out := granted{}
	for _, resource := range resources {
		for _, verb := range verbs {
			out[grant{group, resource, verb}] = true
		}
	}
	return out
}

func (g granted) and(more granted) granted {
	maps.Copy(g, more)
	return g
}
