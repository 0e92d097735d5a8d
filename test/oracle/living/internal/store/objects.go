// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// graceful reports whether an object stays after its deletion until somebody has
// ended what it stands for: pods on a node.
func graceful(o client.Object) bool {
	pod, ok := o.(*corev1.Pod)
	return ok && pod.Spec.NodeName != "" && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed
}

func equal(a, b client.Object) bool { return equality.Semantic.DeepEqual(a, b) }

// copyInto sets an object to a copy of another of its type.
func copyInto(from, to client.Object) {
	reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from.DeepCopyObject()).Elem())
}

// digest is a short word for the contents of an object.
func digest(o client.Object) string {
	data, err := json.Marshal(o)
	if err != nil { // API types always can
		panic(err)
	}
	h := fnv.New32a()
	_, _ = h.Write(data) // never fails
	return fmt.Sprintf("%08x", h.Sum32())
}

// keepStatus gives an object the status of another of its type.
func keepStatus(of, to client.Object) { setField("Status", of, to) }

// onlyStatus makes an object equal to another of its type but for its status.
func onlyStatus(of, to client.Object) {
	status := reflect.ValueOf(to).Elem().FieldByName("Status")
	if !status.IsValid() {
		return
	}
	kept := reflect.New(status.Type()).Elem()
	kept.Set(status)
	copyInto(of, to)
	status.Set(kept)
}

func setField(name string, of, to client.Object) {
	from, into := reflect.ValueOf(of).Elem().FieldByName(name), reflect.ValueOf(to).Elem().FieldByName(name)
	if from.IsValid() {
		into.Set(from)
	}
}

// sameSpec compares what a generation counts.
func sameSpec(a, b client.Object) bool {
	x, y := reflect.ValueOf(a).Elem().FieldByName("Spec"), reflect.ValueOf(b).Elem().FieldByName("Spec")
	return !x.IsValid() || equality.Semantic.DeepEqual(x.Interface(), y.Interface())
}

func resource(kind string) schema.GroupResource { return schema.GroupResource{Resource: kind} }

func notFound(kind string, key types.NamespacedName) error {
	return apierrors.NewNotFound(resource(kind), key.String())
}

func alreadyExists(kind string, key types.NamespacedName) error {
	return apierrors.NewAlreadyExists(resource(kind), key.String())
}

func conflict(kind string, key types.NamespacedName, why error) error {
	return apierrors.NewConflict(resource(kind), key.String(), why)
}
