// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/index"
)

// Reader finds the objects behind the claims of pods.
type Reader struct{ reader client.Reader }

// NewReader returns a reader on one that answers from a cache.
func NewReader(r client.Reader) *Reader { return &Reader{r} }

// Pass reads for one round of decisions: what all claims of a class share is read
// once. It serves one goroutine.
type Pass struct {
	*Reader
	volumes map[string][]*corev1.PersistentVolume
	room    map[string][]*storagev1.CSIStorageCapacity
}

// Pass begins a round.
func (r *Reader) Pass() *Pass {
	return &Pass{Reader: r, volumes: map[string][]*corev1.PersistentVolume{}, room: map[string][]*storagev1.CSIStorageCapacity{}}
}

// Claims reads the claims that a pod uses, in the order of its volumes. An
// object that does not exist is left nil; an error means that one could not be
// read.
func (p *Pass) Claims(ctx context.Context, pod *corev1.Pod) ([]storage.Claim, error) {
	var out []storage.Claim
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		name, ok := storage.ClaimName(pod, v)
		if !ok {
			continue
		}
		c, err := p.claim(ctx, types.NamespacedName{Namespace: pod.Namespace, Name: name})
		if err != nil {
			return nil, err
		}
		c.Foreign = v.Ephemeral != nil && c.Object != nil && !metav1.IsControlledBy(c.Object, pod)
		if err := p.beside(ctx, pod, &c); err != nil {
			return nil, c.Wrap(err)
		}
		out = append(out, c)
	}
	return out, nil
}

// beside reads what else decides about a claim: who uses it, and if it is not
// bound the volumes it could have.
func (p *Pass) beside(ctx context.Context, pod *corev1.Pod, c *storage.Claim) (err error) {
	if c.Exclusive() {
		if c.User, err = p.user(ctx, pod, c); err != nil {
			return err
		}
	}
	if name := c.SelectedName(); name != "" {
		if c.Selected, err = read(ctx, p.reader, types.NamespacedName{Name: name}, &corev1.Node{}); err != nil {
			return err
		}
	}
	if c.Class == nil {
		return nil
	}
	if c.Candidates, err = p.open(ctx, c.Class.Name); err != nil {
		return err
	}
	driver, err := read(ctx, p.reader, types.NamespacedName{Name: c.Class.Provisioner}, &storagev1.CSIDriver{})
	if err != nil || driver == nil || driver.Spec.StorageCapacity == nil || !*driver.Spec.StorageCapacity {
		return err
	}
	c.Tracked = true
	c.Room, err = p.roomOf(ctx, c.Class.Name)
	return err
}

// user is another pod that has the claim on a node.
func (p *Pass) user(ctx context.Context, pod *corev1.Pod, c *storage.Claim) (string, error) {
	others, err := index.ClaimUsers(ctx, p.reader, c.Key)
	if err != nil {
		return "", err
	}
	for i := range others {
		if o := &others[i]; o.UID != pod.UID && o.Spec.NodeName != "" && !pods.Terminal(o) {
			return o.Namespace + "/" + o.Name, nil
		}
	}
	return "", nil
}

func (p *Pass) open(ctx context.Context, class string) ([]*corev1.PersistentVolume, error) {
	if known, ok := p.volumes[class]; ok {
		return known, nil
	}
	found, err := index.OpenVolumes(ctx, p.reader, class)
	if err == nil {
		p.volumes[class] = found
	}
	return found, err
}

func (p *Pass) roomOf(ctx context.Context, class string) ([]*storagev1.CSIStorageCapacity, error) {
	if known, ok := p.room[class]; ok {
		return known, nil
	}
	found, err := index.Room(ctx, p.reader, class)
	if err == nil {
		p.room[class] = found
	}
	return found, err
}

// claim reads a claim with its volume or class.
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
