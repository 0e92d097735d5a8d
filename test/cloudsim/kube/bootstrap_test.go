// SPDX-License-Identifier: Apache-2.0

package kube_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/test/cloudsim/kube"
)

// SIM-108: a kubelet is admitted with a token that the API server takes, and asks again
// until then.
func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, interceptor.Funcs{})
		n := boot(t, machine("i-1", ""))
		n.Token = "abcdef.0123456789abcdef"
		must(t, c.Join(context.Background(), n))
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "bootstrap-token-abcdef"}, Type: corev1.SecretTypeOpaque,
			Data: map[string][]byte{"token-secret": []byte("other"), "expiration": []byte(time.Now().Add(-time.Hour).Format(time.RFC3339))},
		}
		must(t, c.Create(context.Background(), secret))
		for _, row := range []struct {
			says   string
			change func()
		}{
			{"is of type Opaque", func() {}},
			{"it is another one", func() { secret.Type = corev1.SecretTypeBootstrapToken }},
			{"not for authentication", func() { secret.Data["token-secret"] = []byte("0123456789abcdef") }},
			{"has expired", func() { secret.Data["usage-bootstrap-authentication"] = []byte("true") }},
		} {
			row.change()
			must(t, c.Update(context.Background(), secret))
			time.Sleep(time.Minute)
			synctest.Wait()
			if err := c.Trouble("i-1"); c.node() != nil || err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%s: %v", row.says, err)
			}
		}
		secret.Data["expiration"] = []byte(time.Now().Add(time.Hour).Format(time.RFC3339))
		must(t, c.Update(context.Background(), secret))
		time.Sleep(time.Minute)
		synctest.Wait()
		if c.node() == nil || c.Trouble("i-1") != nil {
			t.Errorf("admitted: %v, %v", c.node(), c.Trouble("i-1"))
		}
	})
}

// SIM-108: a kubelet with a token trusts the cluster's own authority only.
func TestAuthority(t *testing.T) {
	j := kube.New(nil, kube.Options{CA: []byte("the cluster's\n")})
	n := boot(t, machine("i-1", ""))
	must(t, j.Join(context.Background(), n))
	n.Machine.ID, n.Token, n.CA = "i-2", "a.b", base64.StdEncoding.EncodeToString([]byte("another's"))
	if err := j.Join(context.Background(), n); err == nil || !strings.Contains(err.Error(), "authority") {
		t.Errorf("got %v", err)
	}
	n.CA = base64.StdEncoding.EncodeToString([]byte("the cluster's"))
	must(t, j.Join(context.Background(), n))
}

// SIM-103: a machine that is started anew speaks again, by the Node that it had.
func TestStartedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := newCluster(t, interceptor.Funcs{}), machine("i-1", "")
		c.join(m)
		synctest.Wait()
		before := c.node().UID
		must(t, c.Silence(context.Background(), m))
		synctest.Wait()
		if managed(c.node()) {
			t.Error("it is silent")
		}
		c.join(m)
		synctest.Wait()
		if node := c.node(); !managed(node) || node.UID != before {
			t.Errorf("got %+v", node)
		}
		must(t, c.Leave(context.Background(), m))
		c.join(m) // too late
		time.Sleep(time.Minute)
		synctest.Wait()
		if c.node() != nil {
			t.Error("a machine that is no more has a Node")
		}
	})
}
