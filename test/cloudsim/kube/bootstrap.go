// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/cloudsim/join"
)

// errAuthority is a kubelet that would not trust the API server.
var errAuthority = errors.New("the authority in the boot data is not that of the cluster")

// trusts refuses machines that have a token of the cluster and were told another
// authority. Where there is no token the authority is that of an account's own cluster,
// which the one that is joined only plays.
func (j *Joiner) trusts(n join.Node) error {
	if len(j.options.CA) == 0 || n.Token == "" {
		return nil
	}
	told, err := base64.StdEncoding.DecodeString(n.CA)
	if err != nil || !bytes.Equal(bytes.TrimSpace(told), bytes.TrimSpace(j.options.CA)) {
		return errAuthority
	}
	return nil
}

// admit fails as long as the API server would refuse the kubelet's token: as a kubelet
// does, it is asked again.
func (s step) admit(ctx context.Context) error {
	if s.entry.token == "" {
		return nil
	}
	id, secret, _ := strings.Cut(s.entry.token, ".")
	var found corev1.Secret
	if err := s.joiner.client.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: "bootstrap-token-" + id}, &found); err != nil {
		return fmt.Errorf("bootstrap token %s of node %s: %w", id, s.entry.node.Name, err)
	}
	if reason := refused(found, secret, s.joiner.options.Clock.Now()); reason != "" {
		return fmt.Errorf("bootstrap token %s of node %s: %s", id, s.entry.node.Name, reason)
	}
	return nil
}

// refused says why the API server takes no token of a secret; empty: it does.
func refused(found corev1.Secret, secret string, now time.Time) string {
	expires := string(found.Data["expiration"])
	at, err := time.Parse(time.RFC3339, expires)
	switch {
	case found.Type != corev1.SecretTypeBootstrapToken:
		return "its secret is of type " + string(found.Type)
	case string(found.Data["token-secret"]) != secret:
		return "it is another one"
	case string(found.Data["usage-bootstrap-authentication"]) != "true":
		return "it is not for authentication"
	case expires != "" && (err != nil || !at.After(now)):
		return "it has expired"
	}
	return ""
}
