// SPDX-License-Identifier: Apache-2.0

// Package expiredtokens deletes bootstrap tokens that admit nobody any more, and that
// nobody came back for (PVE-099).
//
// It reads Secrets past the cache, by their label, and touches none that does not carry it.
//
// Start reading at [Collector].
package expiredtokens

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/bootdata"
)

// Name is the name of the controller that collects, in logs and metrics.
const Name = "bootstraptoken.garbagecollection"

// Every is how often it does.
const Every = time.Hour

// Collector deletes expired tokens.
type Collector struct {
	// Live lists Secrets past the cache, Client deletes them.
	Live   client.Reader
	Client client.Writer
	Clock  clock.PassiveClock
}

// Collect makes one round. One that cannot be deleted stops no other.
func (c *Collector) Collect(ctx context.Context) error {
	var secrets corev1.SecretList
	err := c.Live.List(ctx, &secrets, client.InNamespace(bootdata.TokenNamespace), client.MatchingLabels{v1alpha1.LabelBootstrapToken: "true"})
	if err != nil {
		return fmt.Errorf("listing bootstrap tokens: %w", err)
	}
	var errs []error
	for i := range secrets.Items {
		secret := &secrets.Items[i]
		if !Expired(secret, c.Clock.Now()) {
			continue
		}
		err := c.Client.Delete(ctx, secret, client.Preconditions{UID: &secret.UID})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			errs = append(errs, fmt.Errorf("deleting expired bootstrap token %s: %w", secret.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Expired reports whether a token admits nobody any more. One without an expiration that
// can be read is old after as long as tokens last.
func Expired(secret *corev1.Secret, now time.Time) bool {
	at, err := time.Parse(time.RFC3339, string(secret.Data["expiration"]))
	if err != nil {
		at = secret.CreationTimestamp.Add(bootdata.TokenLife)
	}
	return now.After(at)
}
