// SPDX-License-Identifier: Apache-2.0

package defaultspread

import (
	"context"
	"errors"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// lookup reads what selectors are deduced from. A failure is worth a debug
// record and no more (EXT-186).
type lookup struct{ reader client.Reader }

// owner is the controller of a pod; the zero owner is none.
type owner struct {
	APIVersion, Kind, Name string
	UID                    types.UID
}

func controllerOf(pod *corev1.Pod) owner {
	ref := metav1.GetControllerOfNoCopy(pod)
	if ref == nil {
		return owner{}
	}
	return owner{ref.APIVersion, ref.Kind, ref.Name, ref.UID}
}

// controller is what one selects: labels or a selector, or nothing.
type controller struct {
	labels   map[string]string
	selector *metav1.LabelSelector
}

// readServices are the selectors of a namespace's Services, by name.
func (l *lookup) readServices(ctx context.Context, namespace string) []map[string]string {
	var list corev1.ServiceList
	if err := l.reader.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).V(1).Info("deducing default spread constraints without Services", "namespace", namespace, "reason", err.Error())
		return nil
	}
	services := slices.Clone(list.Items)
	slices.SortFunc(services, func(a, b corev1.Service) int { return strings.Compare(a.Name, b.Name) })
	out := make([]map[string]string, len(services))
	for i := range services {
		out[i] = services[i].Spec.Selector
	}
	return out
}

// readController reads a controller of the three kinds that replicate pods of
// one make; others say nothing.
func (l *lookup) readController(ctx context.Context, namespace string, o owner) controller {
	switch o.APIVersion + " " + o.Kind {
	case "v1 ReplicationController":
		var rc corev1.ReplicationController
		if l.read(ctx, namespace, o, &rc) {
			return controller{labels: rc.Spec.Selector}
		}
	case "apps/v1 ReplicaSet":
		var rs appsv1.ReplicaSet
		if l.read(ctx, namespace, o, &rs) {
			return controller{selector: rs.Spec.Selector}
		}
	case "apps/v1 StatefulSet":
		var set appsv1.StatefulSet
		if l.read(ctx, namespace, o, &set) {
			return controller{selector: set.Spec.Selector}
		}
	}
	return controller{}
}

var errOtherUID = errors.New("another object has its name")

func (l *lookup) read(ctx context.Context, namespace string, o owner, into client.Object) bool {
	err := l.reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: o.Name}, into)
	if err == nil && into.GetUID() != o.UID {
		err = errOtherUID
	}
	if err != nil {
		log.FromContext(ctx).V(1).Info("deducing default spread constraints without the controller",
			"namespace", namespace, "kind", o.Kind, "name", o.Name, "reason", err.Error())
		return false
	}
	return true
}
