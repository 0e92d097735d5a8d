// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/events"
)

// errTerminating is the cause of an UnresolvedError about a NodeClass that is
// being deleted.
var errTerminating = errors.New("it is being deleted")

// UnresolvedError says that a NodeClass is missing or being deleted.
type UnresolvedError struct {
	// Name of the NodeClass.
	Name  string
	cause error
}

// Error names the NodeClass.
func (e *UnresolvedError) Error() string {
	return fmt.Sprintf("resolving NodeClass %s: %v", e.Name, e.cause)
}

// Unwrap returns the cause, for which apierrors.IsNotFound is true if the
// NodeClass is missing.
func (e *UnresolvedError) Unwrap() error { return e.cause }

// Get finds a NodeClass by name. A missing one is an error for which
// apierrors.IsNotFound is true. What it returns is not changed.
type Get[T client.Object] func(ctx context.Context, name string) (T, error)

// From finds NodeClasses through a reader; fresh returns an empty object to read
// into.
func From[T client.Object](r client.Reader, fresh func() T) Get[T] {
	return func(ctx context.Context, name string) (T, error) {
		nodeClass := fresh()
		err := r.Get(ctx, client.ObjectKey{Name: name}, nodeClass)
		return nodeClass, err
	}
}

// Lookup finds the NodeClasses of one kind.
type Lookup[T client.Object] struct {
	// Get finds one by name.
	Get Get[T]
	// Events takes what users should see.
	Events events.Recorder
}

// ForLaunch returns the NodeClass to launch a NodeClaim with. An unresolved one is
// an event on the NodeClaim and an InsufficientCapacityError (CP-010).
func (l Lookup[T]) ForLaunch(ctx context.Context, nodeClaim *v1.NodeClaim) (T, error) {
	nodeClass, err := l.find(ctx, nodeClaim.Spec.NodeClassRef.Name)
	if l.told(nodeClaim, err) {
		return nodeClass, cloudprovider.NewInsufficientCapacityError(err)
	}
	return nodeClass, err
}

// ForPool returns the NodeClass whose types a pool asks for. An unresolved one is
// an event on the NodePool and an UnresolvedError (CP-033).
func (l Lookup[T]) ForPool(ctx context.Context, nodePool *v1.NodePool) (T, error) {
	nodeClass, err := l.find(ctx, nodePool.Spec.Template.Spec.NodeClassRef.Name)
	l.told(nodePool, err)
	return nodeClass, err
}

// ForDrift returns the NodeClass to compare a NodeClaim with; false, without an
// error, if it is unresolved. A missing one is an event on the NodeClaim (CP-037).
func (l Lookup[T]) ForDrift(ctx context.Context, nodeClaim *v1.NodeClaim) (T, bool, error) {
	nodeClass, err := l.find(ctx, nodeClaim.Spec.NodeClassRef.Name)
	switch {
	case errors.Is(err, errTerminating):
		return nodeClass, false, nil
	case l.told(nodeClaim, err):
		return nodeClass, false, nil
	}
	return nodeClass, err == nil, err
}

func (l Lookup[T]) find(ctx context.Context, name string) (T, error) {
	nodeClass, err := l.Get(ctx, name)
	if err == nil && !nodeClass.GetDeletionTimestamp().IsZero() {
		err = errTerminating
	}
	switch {
	case err == nil:
		return nodeClass, nil
	case apierrors.IsNotFound(err), errors.Is(err, errTerminating):
		return nodeClass, &UnresolvedError{Name: name, cause: err}
	}
	return nodeClass, fmt.Errorf("getting NodeClass %s: %w", name, err)
}

// told publishes that a NodeClass is unresolved, if that is what the error says,
// and reports whether it is.
func (l Lookup[T]) told(owner client.Object, err error) bool {
	var unresolved *UnresolvedError
	if !errors.As(err, &unresolved) {
		return false
	}
	l.Events.Publish(events.Event{
		Object:       owner,
		Type:         events.Warning,
		Reason:       events.NodeClassResolutionError,
		Message:      fmt.Sprintf("Failed resolving NodeClass %s: %v", unresolved.Name, unresolved.cause),
		DedupeValues: []string{string(owner.GetUID())},
	})
	return true
}
