// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "karpenter.sh/core/apis/v1"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// uses are what the objects of the API server say of profiles.
type uses struct {
	names map[string]bool
	// paths are those of NodeClasses that could not be read whole: nothing is known
	// of which of their profiles they use.
	paths []string
}

func (u uses) has(p Profile) bool {
	return u.names[p.Name] || slices.ContainsFunc(u.paths, func(path string) bool { return strings.HasPrefix(p.Path, path) })
}

// usesOf collects them: the profile in the status of a NodeClass or named in its
// spec, and those that NodeClaims were launched with (AWS-343). Who owns a NodeClaim
// is not asked: a reference too many costs nothing.
func usesOf(scope Scope, classes []v1.EC2NodeClass, claims []corev1.NodeClaim) uses {
	u := uses{names: map[string]bool{}}
	for i := range classes {
		class := &classes[i]
		u.names[class.Status.InstanceProfile] = true
		if named := class.Spec.InstanceProfile; named != nil {
			u.names[*named] = true
		}
		if len(class.Unreadable) > 0 {
			u.paths = append(u.paths, scope.PathOf(class.UID))
		}
	}
	for i := range claims {
		u.names[claims[i].Annotations[v1.AnnotationInstanceProfile]] = true
	}
	return u
}

// readUses reads them from a cache or past it.
func readUses(ctx context.Context, r client.Reader, scope Scope) (uses, error) {
	var classes v1.EC2NodeClassList
	if err := r.List(ctx, &classes, client.UnsafeDisableDeepCopy); err != nil {
		return uses{}, fmt.Errorf("listing ec2nodeclasses: %w", err)
	}
	var claims corev1.NodeClaimList
	if err := r.List(ctx, &claims, client.UnsafeDisableDeepCopy); err != nil {
		return uses{}, fmt.Errorf("listing nodeclaims: %w", err)
	}
	return usesOf(scope, classes.Items, claims.Items), nil
}
