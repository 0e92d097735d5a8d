// SPDX-License-Identifier: Apache-2.0

package permissions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Grant is one verb on one resource, by one rule of one role.
type Grant struct {
	// Role is whose rule it is.
	Role string
	// Namespace limits it; empty for all.
	Namespace string
	// Group, Resource and Verb as in a [Request].
	Group, Resource, Verb string
	// Name limits it to an object; empty for all.
	Name string
}

// String names the grant as a reader of rules would.
func (g Grant) String() string {
	text := g.Verb + " " + g.Resource
	if g.Group != "" {
		text += "." + g.Group
	}
	if g.Name != "" {
		text += " " + g.Name
	}
	if g.Namespace != "" {
		text += " in " + g.Namespace
	}
	return text + " (" + g.Role + ")"
}

// covers tells whether a request needed a grant like this one.
func (g Grant) covers(r Request) bool {
	return g.Group == r.Group && (g.Resource == rbacv1.ResourceAll || g.Resource == r.Resource) && g.Verb == r.Verb &&
		(g.Namespace == "" || g.Namespace == r.Namespace) && (g.Name == "" || g.Name == r.Name)
}

// Granted returns what the roles bound to a service account grant, each once.
func Granted(ctx context.Context, reader client.Reader, account types.NamespacedName) ([]Grant, error) {
	var everywhere rbacv1.ClusterRoleBindingList
	var somewhere rbacv1.RoleBindingList
	for _, list := range []client.ObjectList{&everywhere, &somewhere} {
		if err := reader.List(ctx, list); err != nil {
			return nil, fmt.Errorf("list the bindings of roles: %w", err)
		}
	}
	var grants []Grant
	add := func(namespace string, ref rbacv1.RoleRef, subjects []rbacv1.Subject) error {
		if !slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool {
			return s.Kind == rbacv1.ServiceAccountKind && s.Namespace == account.Namespace && s.Name == account.Name
		}) {
			return nil
		}
		rules, err := rulesOf(ctx, reader, namespace, ref)
		if err != nil {
			return err
		}
		grants = append(grants, expand(ref.Name, namespace, rules)...)
		return nil
	}
	for _, b := range everywhere.Items {
		if err := add("", b.RoleRef, b.Subjects); err != nil {
			return nil, err
		}
	}
	for _, b := range somewhere.Items {
		if err := add(b.Namespace, b.RoleRef, b.Subjects); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(grants, func(a, b Grant) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(grants), nil
}

func rulesOf(ctx context.Context, reader client.Reader, namespace string, ref rbacv1.RoleRef) ([]rbacv1.PolicyRule, error) {
	if ref.Kind == "Role" {
		var role rbacv1.Role
		if err := reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: ref.Name}, &role); err != nil {
			return nil, fmt.Errorf("read role %s in %s: %w", ref.Name, namespace, err)
		}
		return role.Rules, nil
	}
	var role rbacv1.ClusterRole
	if err := reader.Get(ctx, types.NamespacedName{Name: ref.Name}, &role); err != nil {
		return nil, fmt.Errorf("read cluster role %s: %w", ref.Name, err)
	}
	return role.Rules, nil
}

func expand(role, namespace string, rules []rbacv1.PolicyRule) []Grant {
	var grants []Grant
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						grants = append(grants, Grant{
							Role: role, Namespace: namespace, Group: group, Resource: resource, Verb: verbClass(verb), Name: name,
						})
					}
				}
			}
		}
	}
	return grants
}
