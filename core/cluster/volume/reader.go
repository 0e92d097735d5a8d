// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/intake/storage"
)

// Reader finds the objects behind the claims of pods.
type Reader struct{ reader client.Reader }

// NewReader returns a reader on one that answers from a cache.
func NewReader(r client.Reader) *Reader { return &Reader{r} }

// Claims reads the claims that a pod uses, in the order of its volumes. An
// object that does not exist is left nil; an error means that one could not be
// read.
func (r *Reader) Claims(ctx context.Context, pod *corev1.Pod) ([]storage.Claim, error) {
	var out []storage.Claim
	for i := range pod.Spec.Volumes {
		name, ok := storage.ClaimName(pod, &pod.Spec.Volumes[i])
		if !ok {
			continue
		}
		c, err := r.claim(ctx, types.NamespacedName{Namespace: pod.Namespace, Name: name})
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (r *Reader) claim(ctx context.Context, key types.NamespacedName) (storage.Claim, error) {
	c := storage.Claim{Key: key}
	var err error
	if c.Object, err = read(ctx, r.reader, key, &corev1.PersistentVolumeClaim{}); err != nil {
		return c, err
	}
	if name := c.VolumeName(); name != "" {
		c.Volume, err = read(ctx, r.reader, types.NamespacedName{Name: name}, &corev1.PersistentVolume{})
	} else if name := c.ClassName(); name != "" {
		c.Class, err = read(ctx, r.reader, types.NamespacedName{Name: name}, &storagev1.StorageClass{})
	}
	if err != nil {
		return c, c.Wrap(err)
	}
	return c, nil
}

// read returns nil for an object that does not exist. What it returns is shared
// with the cache.
func read[T client.Object](ctx context.Context, r client.Reader, key types.NamespacedName, into T) (T, error) {
	var none T
	err := r.Get(ctx, key, into, client.UnsafeDisableDeepCopy)
	switch {
	case apierrors.IsNotFound(err):
		return none, nil
	case err != nil:
		return none, fmt.Errorf("reading %T %s: %w", into, key, err)
	}
	return into, nil
}
