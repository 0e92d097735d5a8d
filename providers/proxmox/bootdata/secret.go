// SPDX-License-Identifier: Apache-2.0

package bootdata

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// SecretError is a Secret that cannot be read until the user mends something (PVE-019).
type SecretError struct {
	// Problem says what, in words for the user; nothing of the Secret's content is in it.
	Problem string
	cause   error
}

// Error implements error.
func (e *SecretError) Error() string { return e.Problem }

// Unwrap is the API's error; nil: it was not asked.
func (e *SecretError) Unwrap() error { return e.cause }

// Secrets are those that boot data are made of.
type Secrets struct{ Templates, Values map[string]string }

// ReadSecrets reads what spec.metadataOptions refers to. The error is a SecretError if a
// reference is not full, or a Secret is missing or may not be read. live reads past the cache,
// which holds no Secrets.
func ReadSecrets(ctx context.Context, live client.Reader, options *v1alpha1.MetadataOptions) (Secrets, error) {
	var out Secrets
	var err error
	if out.Templates, err = read(ctx, live, "templatesRef", options.TemplatesRef); err != nil {
		return Secrets{}, err
	}
	if options.ValuesRef != nil {
		out.Values, err = read(ctx, live, "valuesRef", options.ValuesRef)
	}
	return out, err
}

// read reads the Secret that a field of spec.metadataOptions refers to, as texts.
func read(ctx context.Context, live client.Reader, field string, ref *v1alpha1.SecretReference) (map[string]string, error) {
	if ref == nil || ref.Name == "" || ref.Namespace == "" {
		return nil, &SecretError{Problem: fmt.Sprintf("spec.metadataOptions.%s must name a Secret and its namespace", field)}
	}
	secret := &corev1.Secret{}
	err := live.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("reading %s: %w", field, &SecretError{Problem: fmt.Sprintf("there is no Secret %s/%s", ref.Namespace, ref.Name), cause: err})
	case apierrors.IsForbidden(err):
		return nil, fmt.Errorf("reading %s: %w", field, &SecretError{Problem: fmt.Sprintf("Secret %s/%s may not be read", ref.Namespace, ref.Name), cause: err})
	case err != nil:
		return nil, fmt.Errorf("reading %s: Secret %s/%s: %w", field, ref.Namespace, ref.Name, err)
	}
	out := make(map[string]string, len(secret.Data))
	for key, value := range secret.Data {
		out[key] = string(value)
	}
	return out, nil
}
