// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// Watch says what asks for NodeClasses to be resolved again: templates of both kinds, and
// Secrets as far as their cache sees them. Of those only the metadata are held.
type Watch struct {
	// Reader lists NodeClasses from the cache.
	Reader client.Reader
	// Objects is the cache of templates, Secrets that of Secrets; nil: no Secret asks, and
	// they are looked at every minute.
	Objects, Secrets cache.Cache
}

// Sources are those of the controller nodeclass.status.
func (w Watch) Sources() []source.Source {
	out := []source.Source{
		source.Kind[client.Object](w.Objects, &v1alpha1.ProxmoxTemplate{}, handler.EnqueueRequestsFromMapFunc(w.OfTemplate)),
		source.Kind[client.Object](w.Objects, &v1alpha1.ProxmoxUnmanagedTemplate{}, handler.EnqueueRequestsFromMapFunc(w.OfTemplate)),
	}
	if w.Secrets != nil {
		secret := &metav1.PartialObjectMetadata{}
		secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
		out = append(out, source.Kind[client.Object](w.Secrets, secret, handler.EnqueueRequestsFromMapFunc(w.OfSecret)))
	}
	return out
}

// OfTemplate asks for the NodeClasses whose machines are cloned from a template.
func (w Watch) OfTemplate(ctx context.Context, o client.Object) []reconcile.Request {
	kind := v1alpha1.TemplateKind
	if _, unmanaged := o.(*v1alpha1.ProxmoxUnmanagedTemplate); unmanaged {
		kind = v1alpha1.UnmanagedTemplateKind
	}
	return w.nodeClasses(ctx, func(spec v1alpha1.ProxmoxNodeClassSpec) bool {
		ref := spec.InstanceTemplateRef
		return ref != nil && ref.Kind == kind && ref.Name == o.GetName()
	})
}

// OfSecret asks for the NodeClasses whose boot data come of a Secret.
func (w Watch) OfSecret(ctx context.Context, o client.Object) []reconcile.Request {
	is := func(ref *v1alpha1.SecretReference) bool {
		return ref != nil && ref.Name == o.GetName() && ref.Namespace == o.GetNamespace()
	}
	return w.nodeClasses(ctx, func(spec v1alpha1.ProxmoxNodeClassSpec) bool {
		return spec.MetadataOptions != nil && (is(spec.MetadataOptions.TemplatesRef) || is(spec.MetadataOptions.ValuesRef))
	})
}

func (w Watch) nodeClasses(ctx context.Context, meant func(v1alpha1.ProxmoxNodeClassSpec) bool) []reconcile.Request {
	var list v1alpha1.ProxmoxNodeClassList
	if err := w.Reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "listing the NodeClasses to be resolved again; their turn comes within a minute")
		return nil
	}
	var out []reconcile.Request
	for _, c := range list.Items {
		if meant(c.Spec) {
			out = append(out, reconcile.Request{NamespacedName: types.NamespacedName{Name: c.Name}})
		}
	}
	return out
}
