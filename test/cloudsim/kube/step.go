// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// errTaken: the name belongs to another machine's Node, until somebody deletes that.
var errTaken = errors.New("it is another machine's")

// step is one attempt to bring a Node to where it should be.
type step struct {
	joiner *Joiner
	entry  entry
	left   time.Duration // of the grace
}

// do returns the UID of the machine's Node, "" if it was never written.
func (s step) do(ctx context.Context) (types.UID, error) {
	switch e := s.entry; {
	case !e.ended.IsZero() && s.left <= 0:
		return e.uid, s.remove(ctx)
	case e.silent:
		return e.uid, s.silence(ctx)
	case e.uid == "":
		if err := s.admit(ctx); err != nil {
			return "", err
		}
		return s.create(ctx)
	case e.again:
		return e.uid, s.speak(ctx)
	default:
		return e.uid, nil // a kubelet that runs writes its Node once
	}
}

// create writes the Node. One that is there already with the machine's provider ID is
// its own: the answer to an earlier attempt was lost.
func (s step) create(ctx context.Context) (types.UID, error) {
	node := s.entry.node.DeepCopy()
	err := s.joiner.client.Create(ctx, node)
	if !apierrors.IsAlreadyExists(err) {
		if err != nil {
			return "", fmt.Errorf("create node %s: %w", node.Name, err)
		}
		return node.UID, nil
	}
	live, err := s.own(ctx)
	if err != nil {
		return "", err
	}
	if live == nil {
		return "", fmt.Errorf("create node %s: %w", node.Name, errTaken)
	}
	return live.UID, nil
}

// silence takes away what kwok manages the Node by.
func (s step) silence(ctx context.Context) error {
	live, err := s.own(ctx)
	if err != nil || live == nil {
		return err
	}
	quiet := live.DeepCopy()
	delete(quiet.Annotations, annotationFake)
	for key := range s.joiner.options.Labels {
		delete(quiet.Labels, key)
	}
	if len(quiet.Annotations) == len(live.Annotations) && len(quiet.Labels) == len(live.Labels) {
		return nil
	}
	return s.patch(ctx, live, quiet)
}

// speak lets kwok manage the Node again.
func (s step) speak(ctx context.Context) error {
	live, err := s.own(ctx)
	if err != nil || live == nil {
		return err
	}
	loud := live.DeepCopy()
	metav1.SetMetaDataAnnotation(&loud.ObjectMeta, annotationFake, valueFake)
	for key, value := range s.joiner.options.Labels {
		metav1.SetMetaDataLabel(&loud.ObjectMeta, key, value)
	}
	return s.patch(ctx, live, loud)
}

func (s step) patch(ctx context.Context, live, changed *corev1.Node) error {
	patch := client.MergeFromWithOptions(live, client.MergeFromWithOptimisticLock{})
	if err := client.IgnoreNotFound(s.joiner.client.Patch(ctx, changed, patch)); err != nil {
		return fmt.Errorf("change node %s: %w", live.Name, err)
	}
	return nil
}

// remove deletes the Node; its finalizers may keep it longer.
func (s step) remove(ctx context.Context) error {
	live, err := s.own(ctx)
	if err != nil || live == nil || live.DeletionTimestamp != nil {
		return err
	}
	err = s.joiner.client.Delete(ctx, live, client.Preconditions{UID: &live.UID})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete node %s: %w", live.Name, err)
	}
	return nil
}

// own reads the machine's Node; nil: there is none, or none that is its own.
func (s step) own(ctx context.Context) (*corev1.Node, error) {
	live, wanted := &corev1.Node{}, s.entry.node
	if err := s.joiner.client.Get(ctx, client.ObjectKeyFromObject(wanted), live); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("read node %s: %w", wanted.Name, err)
	}
	if live.Spec.ProviderID != wanted.Spec.ProviderID || s.entry.uid != "" && live.UID != s.entry.uid {
		return nil, nil
	}
	return live, nil
}
