// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// OPS-321, OPS-325: the parameters follow the values, other releases do not take the
// policies over, and a controller under another account is told why it is refused.
func TestLifeOfAdmissionPolicies(t *testing.T) {
	c := start(t, "kwok")
	c.run(t, `helm install karpenter-crd charts/kwok/karpenter-crd --namespace kube-system
kubectl create namespace other
kubectl apply -f - <<< '{"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "mine"}, "spec": {"template": {"spec": {
	"nodeClassRef": {"group": "example.org", "kind": "Class", "name": "mine"}, "requirements": []}}}}'`)
	c.run(t, `helm install karpenter charts/kwok/karpenter --namespace kube-system --skip-crds --set controller.image.repository="$IMAGE" \
		--set admissionPolicies.enabled=true --set admissionPolicies.parameters.limits=cpu=1`)
	user := func(account string) string { return "system:serviceaccount:kube-system:" + account }
	c.wantParameters(t, map[string]string{"controller": user("karpenter"), "limits": "cpu=1"})

	upgrade := "helm upgrade karpenter charts/kwok/karpenter --namespace kube-system --skip-crds --reset-then-reuse-values "
	c.run(t, upgrade+"--set admissionPolicies.parameters.limits=cpu=2 --set admissionPolicies.parameters.nodeClaimCreators=me")
	c.wantParameters(t, map[string]string{"controller": user("karpenter"), "limits": "cpu=2", "nodeClaimCreators": "me"})

	for _, release := range []string{"second --namespace kube-system", "karpenter --namespace other", "second --namespace other"} {
		install := "helm install " + strings.Replace(release, " ", " charts/kwok/karpenter ", 1) +
			` --skip-crds --set controller.image.repository="$IMAGE" --set podDisruptionBudget.name=second --set admissionPolicies.enabled=true`
		if out, err := c.try(t, install); err == nil || !strings.Contains(out, "cannot be imported") {
			t.Errorf("release %s: %v, without a word of the first: %s", release, err, out)
		}
	}
	c.wantParameters(t, map[string]string{"controller": user("karpenter"), "limits": "cpu=2", "nodeClaimCreators": "me"})

	c.run(t, upgrade+"--set serviceAccount.name=renamed")
	c.wantParameters(t, map[string]string{"controller": user("renamed"), "limits": "cpu=2", "nodeClaimCreators": "me"})
	write := `kubectl patch nodepools mine --subresource status --type merge --patch '{"status": {"nodes": 1}}' --dry-run=server --as-group system:masters --as ` + user("renamed")
	eventually(t, func() bool { _, err := c.try(t, write); return err == nil })

	c.run(t, `kubectl patch configmap karpenter-admission --namespace kube-system --type merge --patch '{"data": {"controller": "`+user("karpenter")+`"}}'`)
	var told string
	eventually(t, func() bool { var err error; told, err = c.try(t, write); return err != nil })
	for _, hint := range []string{"user " + user("renamed") + " may not write the status of nodepools", "controller of the ConfigMap karpenter-admission in kube-system"} {
		if !strings.Contains(told, hint) {
			t.Errorf("a controller that is locked out is not told %q: %s", hint, told)
		}
	}
}

// wantParameters compares what the policies go by.
func (c *cluster) wantParameters(t *testing.T, want map[string]string) {
	t.Helper()
	var parameters corev1.ConfigMap
	if err := c.Get(t.Context(), types.NamespacedName{Namespace: "kube-system", Name: "karpenter-admission"}, &parameters); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, parameters.Data); diff != "" {
		t.Error(diff)
	}
}

// eventually waits for the API server, which takes policies in beside its requests.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	done := func(context.Context) (bool, error) { return ok(), nil }
	if err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, done); err != nil {
		t.Fatalf("the policy does not take effect: %v", err)
	}
}
