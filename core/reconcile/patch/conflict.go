// SPDX-License-Identifier: Apache-2.0

package patch

import (
	"context"
	stderrors "errors"
	"fmt"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Attempts is how often [Persist] tries a write that ends in conflicts.
const Attempts = 5

// Persist calls a function that writes an object, and as long as that ends in a
// conflict calls it again, at once, with the object as the API server has it. An
// object that is not the one that was meant any more counts as not found.
func Persist[T client.Object](ctx context.Context, live client.Reader, object T, write func(T) error) error {
	for attempt := 1; ; attempt++ {
		err := write(object)
		if !errors.IsConflict(err) || attempt == Attempts {
			return err
		}
		read := reflect.New(reflect.TypeOf(object).Elem()).Interface().(T)
		if err := live.Get(ctx, client.ObjectKeyFromObject(object), read); err != nil {
			return fmt.Errorf("reading %s after a conflict: %w", describe(object), err)
		}
		if read.GetUID() != object.GetUID() {
			return fmt.Errorf("writing %s: %w", describe(object), errors.NewNotFound(schema.GroupResource{}, object.GetName()))
		}
		object = read
	}
}

// failedTest reports whether the API server answered that a patch does not apply
// to what it has. An object that is invalid is answered with the fields at fault.
func failedTest(err error) bool {
	return errors.IsInvalid(err) && len(causes(err)) == 0
}

// asConflict turns the ways in which the API server says that the object is not
// as it was read into one. Beside tests that fail: an item that has come to be
// there already, and a finalizer for an object that has come to be deleted.
func asConflict(err error, target client.Object) error {
	if failedTest(err) || errors.IsInvalid(err) &&
		(hasCause(err, metav1.CauseTypeFieldValueDuplicate) || hasCause(err, metav1.CauseType("FieldValueForbidden"))) {
		return errors.NewConflict(schema.GroupResource{Resource: target.GetObjectKind().GroupVersionKind().Kind}, target.GetName(), err)
	}
	return err
}

func hasCause(err error, cause metav1.CauseType) bool {
	return slices.ContainsFunc(causes(err), func(c metav1.StatusCause) bool { return c.Type == cause })
}

func causes(err error) []metav1.StatusCause {
	var s errors.APIStatus
	if !stderrors.As(err, &s) || s.Status().Details == nil {
		return nil
	}
	return s.Status().Details.Causes
}
