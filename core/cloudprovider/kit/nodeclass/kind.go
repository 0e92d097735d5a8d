// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
)

// Kind is the group and kind of a NodeClass, such as
// {karpenter.k8s.aws, EC2NodeClass}.
type Kind schema.GroupKind

// Finalizer holds back the deletion of a NodeClass: <group>/termination (CP-106).
func (k Kind) Finalizer() string { return k.Group + "/termination" }

// HashKey is the annotation with the static hash: <group>/<kind>-hash, the kind in
// lower case (CP-103).
func (k Kind) HashKey() string { return k.Group + "/" + strings.ToLower(k.Kind) + "-hash" }

// HashVersionKey is the annotation with the version of the static hash.
func (k Kind) HashVersionKey() string { return k.HashKey() + "-version" }

// Names reports whether a reference is to the NodeClass of this kind and name,
// whatever its version (KIT-103).
func (k Kind) Names(ref v1.NodeClassReference, name string) bool {
	return ref.GroupKind() == schema.GroupKind(k) && ref.Name == name
}

// NodeClaims returns the NodeClaims that refer to a NodeClass, as the reader lists
// them. From a cache they are shared and must not be changed.
func (k Kind) NodeClaims(ctx context.Context, r client.Reader, name string) ([]*v1.NodeClaim, error) {
	list := &v1.NodeClaimList{}
	if err := r.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the nodeclaims of %s %s: %w", k.Kind, name, err)
	}
	var out []*v1.NodeClaim
	for i := range list.Items {
		if k.Names(list.Items[i].Spec.NodeClassRef, name) {
			out = append(out, &list.Items[i])
		}
	}
	return out, nil
}

// OfNodeClaim asks for a reconcile of the NodeClass that a NodeClaim of this kind
// refers to.
func (k Kind) OfNodeClaim() handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		claim, ok := o.(*v1.NodeClaim)
		if !ok || !k.Names(claim.Spec.NodeClassRef, claim.Spec.NodeClassRef.Name) {
			return nil
		}
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: claim.Spec.NodeClassRef.Name}}}
	})
}

// Deletions passes the events of objects that are gone.
func Deletions() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return true },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}
