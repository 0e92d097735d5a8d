// SPDX-License-Identifier: Apache-2.0

package imagerecord

import (
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// Mended passes templates whose record could not be read, once somebody has changed it.
// Records that controllers write pass for nobody.
func Mended() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, is := e.ObjectOld.(*v1alpha1.ProxmoxTemplate)
			if !is || before.Annotations[v1alpha1.AnnotationTemplateImages] == e.ObjectNew.GetAnnotations()[v1alpha1.AnnotationTemplateImages] {
				return false
			}
			_, err := Of(before)
			return err != nil
		},
		DeleteFunc: func(event.DeleteEvent) bool { return false }, GenericFunc: func(event.GenericEvent) bool { return false },
	}
}
