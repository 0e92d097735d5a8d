// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/intake/storage"
)

// Resolution is what is known of a pod's volumes.
type Resolution struct {
	Attachments []attach.Attachment
	// Settled resolutions stay true: every claim is bound.
	Settled bool
	// Unresolved says which volumes were left out and why.
	Unresolved []error
}

// Resolver finds the drivers of claims.
type Resolver struct {
	reader  *Reader
	drivers storage.Drivers
}

// NewResolver returns a resolver on a reader that answers from a cache.
func NewResolver(r client.Reader) *Resolver {
	return &Resolver{reader: NewReader(r), drivers: storage.NewDrivers()}
}

// Resolve finds the attachments of a pod (LIF-037, LIF-038).
func (r *Resolver) Resolve(ctx context.Context, pod *corev1.Pod) Resolution {
	out := Resolution{Settled: true}
	for i := range pod.Spec.Volumes {
		name, ok := storage.ClaimName(pod, &pod.Spec.Volumes[i])
		if !ok {
			continue
		}
		key := types.NamespacedName{Namespace: pod.Namespace, Name: name}
		driver, bound, err := r.driver(ctx, key)
		if err != nil {
			err = fmt.Errorf("resolving volume %q of pod %s/%s: %w", pod.Spec.Volumes[i].Name, pod.Namespace, pod.Name, err)
			out.Unresolved = append(out.Unresolved, err)
		}
		out.Settled = out.Settled && bound && err == nil
		if driver != "" {
			out.Attachments = append(out.Attachments, attach.Attachment{Driver: driver, Claim: key.String()})
		}
	}
	return out
}

func (r *Resolver) driver(ctx context.Context, key types.NamespacedName) (driver string, bound bool, err error) {
	c, err := r.reader.claim(ctx, key)
	if err != nil {
		return "", false, err
	}
	if err := c.Missing(); err != nil {
		return "", false, c.Wrap(err)
	}
	driver, err = r.drivers.Of(c)
	return driver, c.VolumeName() != "", err
}
