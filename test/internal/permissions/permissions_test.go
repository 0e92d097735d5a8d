// SPDX-License-Identifier: Apache-2.0

package permissions_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/test/internal/permissions"
)

const us = "system:serviceaccount:kube-system:karpenter"

func audit(t *testing.T, files map[string][]string) permissions.Requests {
	t.Helper()
	dir := t.TempDir()
	for name, lines := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := permissions.ReadAudit(filepath.Join(dir, "audit.log"), us)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func line(user, verb, object, more string) string {
	return `{"verb":"` + verb + `","requestURI":"/uri","user":{"username":"` + user + `"},"objectRef":{` + object + `}` + more + `}`
}

func TestReadAudit(t *testing.T) {
	const node = `"resource":"nodes","name":"a"`
	const forbidden = `,"responseStatus":{"code":403,"message":"no"},"annotations":{"authorization.k8s.io/decision":"forbid"}`
	got := audit(t, map[string][]string{
		"audit.log": {
			line(us, "get", node, ""),
			line(us, "patch", node, `,"responseStatus":{"code":409}`),
			line("admin", "delete", node, ""),
			line(us, "delete", node, forbidden),
			line(us, "delete", `"resource":"nodes","name":"b"`, forbidden),
			line(us, "create", `"resource":"nodeclaims","apiGroup":"karpenter.sh"`,
				`,"responseStatus":{"code":403,"message":"cannot set blockOwnerDeletion"},"annotations":{"authorization.k8s.io/decision":"allow"}`),
			line(us, "create", `"resource":"events","namespace":"going"`, `,"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"allow"}`),
			`{"verb":"get","requestURI":"/api","user":{"username":"` + us + `"}}`,
			`{"verb":"pat`, // being written
		},
		"audit-2026-01-01T00-00-00.000.log": {line(us, "create", `"resource":"pods","subresource":"eviction","namespace":"n","name":"p"`, "")},
	})
	want := permissions.Requests{
		Made: map[permissions.Request]bool{
			{Resource: "nodes", Verb: "read", Name: "a"}:                           true,
			{Resource: "nodes", Verb: "patch", Name: "a"}:                          true,
			{Resource: "events", Verb: "create", Namespace: "going"}:               true,
			{Resource: "pods/eviction", Verb: "create", Namespace: "n", Name: "p"}: true,
		},
		Refusals: []string{"delete /uri: no", "create /uri: cannot set blockOwnerDeletion"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := permissions.ReadAudit(filepath.Join(t.TempDir(), "audit.log"), us); err == nil {
		t.Error("there is no log, and no error")
	}
}

func TestGranted(t *testing.T) {
	binding := func(kind, name string, subject string) (rbacv1.RoleRef, []rbacv1.Subject) {
		return rbacv1.RoleRef{Kind: kind, Name: name}, []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "kube-system", Name: subject}}
	}
	everywhere := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "b"}}
	everywhere.RoleRef, everywhere.Subjects = binding("ClusterRole", "core", "karpenter")
	others := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "c"}}
	others.RoleRef, others.Subjects = binding("ClusterRole", "missing", "other")
	here := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "here", Name: "b"}}
	here.RoleRef, here.Subjects = binding("Role", "lease", "karpenter")
	api := fake.NewClientBuilder().WithObjects(everywhere, others, here,
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "core"}, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes", "pods"}, Verbs: []string{"get", "watch"}},
		}},
		&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: "here", Name: "lease"}, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{"l"}, Verbs: []string{"update"}},
		}},
	).Build()
	got, err := permissions.Granted(t.Context(), api, types.NamespacedName{Namespace: "kube-system", Name: "karpenter"})
	if err != nil {
		t.Fatal(err)
	}
	want := []permissions.Grant{
		{Role: "core", Resource: "nodes", Verb: "read"},
		{Role: "core", Resource: "pods", Verb: "read"},
		{Role: "lease", Namespace: "here", Group: "coordination.k8s.io", Resource: "leases", Verb: "update", Name: "l"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnused(t *testing.T) {
	nodes := permissions.Grant{Role: "r", Resource: "nodes", Verb: "patch"}
	lease := permissions.Grant{Role: "r", Namespace: "here", Group: "g", Resource: "leases", Verb: "update", Name: "l"}
	for _, c := range []struct {
		reason  string
		grant   permissions.Grant
		made    permissions.Request
		waiver  permissions.Waiver
		unused  bool
		isStale bool
	}{
		{"needed", nodes, permissions.Request{Resource: "nodes", Verb: "patch", Name: "a"}, permissions.Waiver{}, false, true},
		{"another verb", nodes, permissions.Request{Resource: "nodes", Verb: "delete"}, permissions.Waiver{}, true, true},
		{"a subresource", nodes, permissions.Request{Resource: "nodes/status", Verb: "patch"}, permissions.Waiver{}, true, true},
		{"any resource", permissions.Grant{Role: "r", Group: "g", Resource: "*", Verb: "read"}, permissions.Request{Group: "g", Resource: "things", Verb: "read"}, permissions.Waiver{}, false, true},
		{"any resource of a group", permissions.Grant{Role: "r", Group: "g", Resource: "*", Verb: "read"}, permissions.Request{Resource: "things", Verb: "read"}, permissions.Waiver{}, true, true},
		{"another group", nodes, permissions.Request{Group: "g", Resource: "nodes", Verb: "patch"}, permissions.Waiver{}, true, true},
		{"this object", lease, permissions.Request{Namespace: "here", Group: "g", Resource: "leases", Verb: "update", Name: "l"}, permissions.Waiver{}, false, true},
		{"another object", lease, permissions.Request{Namespace: "here", Group: "g", Resource: "leases", Verb: "update", Name: "m"}, permissions.Waiver{}, true, true},
		{"another namespace", lease, permissions.Request{Namespace: "there", Group: "g", Resource: "leases", Verb: "update", Name: "l"}, permissions.Waiver{}, true, true},
		{"excused", nodes, permissions.Request{}, permissions.Waiver{Resource: "nodes", Verb: "patch"}, false, false},
		{"rarely needed", nodes, permissions.Request{Resource: "nodes", Verb: "patch"}, permissions.Waiver{Resource: "nodes", Verb: "patch", Rarely: true}, false, false},
		{"rarely needed, and not granted", nodes, permissions.Request{}, permissions.Waiver{Resource: "pods", Verb: "patch", Rarely: true}, true, true},
		{"excused in vain", nodes, permissions.Request{Resource: "nodes", Verb: "patch"}, permissions.Waiver{Resource: "nodes", Verb: "patch"}, false, true},
	} {
		t.Run(c.reason, func(t *testing.T) {
			unused, stale := permissions.Unused([]permissions.Grant{c.grant}, map[permissions.Request]bool{c.made: true}, []permissions.Waiver{c.waiver})
			if (len(unused) == 1) != c.unused || (len(stale) == 1) != c.isStale {
				t.Errorf("unused %v, stale %v", unused, stale)
			}
		})
	}
}
