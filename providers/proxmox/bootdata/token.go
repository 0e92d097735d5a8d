// SPDX-License-Identifier: Apache-2.0

package bootdata

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

const (
	// TokenNamespace is where the Secrets of tokens are (PVE-097).
	TokenNamespace = metav1.NamespaceSystem
	// TokenLife is how long a token admits a node.
	TokenLife = time.Hour
	// tokenGroup is whom nodes join as (PVE-098).
	tokenGroup = "system:bootstrappers:karpenter:proxmox"
)

// TokenSecret is the name of the Secret of a token.
func TokenSecret(id string) string { return "bootstrap-token-" + id }

// token is a bootstrap token.
type token struct{ id, secret string }

// String is the token as nodes give it.
func (t token) String() string { return t.id + "." + t.secret }

// tokenLetters are what tokens are made of.
const tokenLetters = "abcdefghijklmnopqrstuvwxyz0123456789"

// randomText is a text that nobody guesses. Letters are drawn evenly: bytes beyond the
// last whole round of them are drawn again.
func randomText(length int) string {
	out := make([]byte, 0, length)
	var drawn [1]byte
	for len(out) < length {
		_, _ = rand.Read(drawn[:]) // it never fails
		if drawn[0] < byte(256/len(tokenLetters)*len(tokenLetters)) {
			out = append(out, tokenLetters[int(drawn[0])%len(tokenLetters)])
		}
	}
	return string(out)
}

// newToken makes a token and writes its Secret.
func (w *Writer) newToken(ctx context.Context) (token, error) {
	t := token{id: randomText(6), secret: randomText(16)}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: TokenNamespace, Name: TokenSecret(t.id), Labels: map[string]string{v1alpha1.LabelBootstrapToken: "true"},
		},
		Type: corev1.SecretTypeBootstrapToken,
		Data: map[string][]byte{},
	}
	for key, value := range map[string]string{
		"token-id": t.id, "token-secret": t.secret, "usage-bootstrap-authentication": "true", "auth-extra-groups": tokenGroup,
		"description": "Karpenter Proxmox Bootstrap Token", "expiration": w.Clock.Now().Add(TokenLife).UTC().Format(time.RFC3339),
	} {
		secret.Data[key] = []byte(value)
	}
	if err := w.Client.Create(ctx, secret); err != nil {
		return token{}, fmt.Errorf("writing a bootstrap token: %w", err)
	}
	return t, nil
}

// Revoke removes a token, by its ID. One that is gone already is no error.
func (w *Writer) Revoke(ctx context.Context, id string) error {
	secret := &corev1.Secret{}
	err := w.Client.Get(ctx, client.ObjectKey{Namespace: TokenNamespace, Name: TokenSecret(id)}, secret)
	if err == nil {
		err = w.Client.Delete(ctx, secret, client.Preconditions{UID: &secret.UID})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("removing bootstrap token %s: %w", id, err)
	}
	return nil
}
