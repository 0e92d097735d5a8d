// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"time"

	"github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// WriteStatus puts a status in the place of what an object has, as another Karpenter
// would have written it, and reads the object again.
func (e *Environment) WriteStatus(ctx context.Context, o client.Object, status map[string]any) {
	gvk, err := e.GroupVersionKindFor(o)
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	gomega.EventuallyWithOffset(1, ctx, func() error {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(gvk)
		if err := e.Get(ctx, client.ObjectKeyFromObject(o), u); err != nil {
			return err
		}
		u.Object["status"] = status
		return e.Status().Update(ctx, u)
	}).WithTimeout(patience).WithPolling(interval).Should(gomega.Succeed(), "write the status of %T %s", o, o.GetName())
	gomega.ExpectWithOffset(1, e.Get(ctx, client.ObjectKeyFromObject(o), o)).To(gomega.Succeed())
}

// True are conditions of these types that have just become true, with their type as
// reason.
func True(types ...string) []any {
	var out []any
	for _, kind := range types {
		out = append(out, map[string]any{
			"type": kind, "status": string(metav1.ConditionTrue), "reason": kind, "message": "", "observedGeneration": int64(1),
			"lastTransitionTime": metav1.Now().UTC().Format(time.RFC3339),
		})
	}
	return out
}
