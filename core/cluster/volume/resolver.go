// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	csi "k8s.io/csi-translation-lib"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Resolution is what is known of a pod's volumes.
type Resolution struct {
	Attachments []Attachment
	// Settled resolutions stay true: every claim is bound.
	Settled bool
	// Unresolved says which volumes were left out and why.
	Unresolved []error
}

// Resolver finds the drivers of claims.
type Resolver struct {
	reader     client.Reader
	translator csi.CSITranslator
}

// NewResolver returns a resolver on a reader that answers from a cache.
func NewResolver(r client.Reader) *Resolver {
	return &Resolver{reader: r, translator: csi.New()}
}

// HasClaims reports whether a pod uses any claim at all.
func HasClaims(pod *corev1.Pod) bool {
	for i := range pod.Spec.Volumes {
		if _, ok := claimName(pod, &pod.Spec.Volumes[i]); ok {
			return true
		}
	}
	return false
}

// Resolve finds the attachments of a pod (LIF-037, LIF-038).
func (r *Resolver) Resolve(ctx context.Context, pod *corev1.Pod) Resolution {
	out := Resolution{Settled: true}
	for i := range pod.Spec.Volumes {
		name, ok := claimName(pod, &pod.Spec.Volumes[i])
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
			out.Attachments = append(out.Attachments, Attachment{Driver: driver, Claim: key.String()})
		}
	}
	return out
}

// claimName is the claim behind a volume: a named one, or one that is made for
// the pod (SCH-080).
func claimName(pod *corev1.Pod, v *corev1.Volume) (string, bool) {
	switch {
	case v.PersistentVolumeClaim != nil:
		return v.PersistentVolumeClaim.ClaimName, true
	case v.Ephemeral != nil:
		return pod.Name + "-" + v.Name, true
	}
	return "", false
}

func (r *Resolver) driver(ctx context.Context, key types.NamespacedName) (driver string, bound bool, err error) {
	var claim corev1.PersistentVolumeClaim
	if err := r.get(ctx, key, &claim); err != nil {
		return "", false, err
	}
	if claim.Spec.VolumeName != "" {
		driver, err = r.boundDriver(ctx, claim.Spec.VolumeName)
		return driver, true, err
	}
	if claim.Spec.StorageClassName == nil || *claim.Spec.StorageClassName == "" {
		return "", false, nil
	}
	var class storagev1.StorageClass
	if err := r.get(ctx, types.NamespacedName{Name: *claim.Spec.StorageClassName}, &class); err != nil {
		return "", false, err
	}
	return r.provisionerDriver(class.Provisioner), false, nil
}

func (r *Resolver) boundDriver(ctx context.Context, name string) (string, error) {
	var pv corev1.PersistentVolume
	if err := r.get(ctx, types.NamespacedName{Name: name}, &pv); err != nil {
		return "", err
	}
	if pv.Spec.CSI != nil {
		return pv.Spec.CSI.Driver, nil
	}
	if !r.translator.IsPVMigratable(&pv) {
		return "", nil // no driver attaches it: local, hostPath, NFS and the like
	}
	inTree, err := r.translator.GetInTreePluginNameFromSpec(&pv, nil)
	if err != nil {
		return "", fmt.Errorf("finding the driver of volume %s: %w", name, err)
	}
	return r.provisionerDriver(inTree), nil
}

// provisionerDriver translates the names of what was once built into the
// kubelet (SCH-088); other provisioners are drivers themselves.
func (r *Resolver) provisionerDriver(provisioner string) string {
	if driver, err := r.translator.GetCSINameFromInTreeName(provisioner); err == nil {
		return driver
	}
	return provisioner
}

func (r *Resolver) get(ctx context.Context, key types.NamespacedName, obj client.Object) error {
	err := r.reader.Get(ctx, key, obj, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%T %s does not exist", obj, key.String())
	}
	if err != nil {
		return fmt.Errorf("reading %T %s: %w", obj, key.String(), err)
	}
	return nil
}
