// SPDX-License-Identifier: Apache-2.0

package scaling_test

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/clusterapi/internal/simcapi"
)

// CAPI-016: raises and reductions are remembered as they are stored; of a write that may
// not have been done nothing is.
func TestLastWrite(t *testing.T) {
	w := newWorld(t)
	md := w.Deployment("md", 0)
	if got, ok := w.scaler.LastWrite(md); ok {
		t.Errorf("before: %+v", got)
	}
	claimed := w.machinesOf(w.claims(md, w.some(2, "nc")...))
	got, ok := w.scaler.LastWrite(md)
	if !ok || got.Replicas != 2 || got.Deployment != w.Get(md).UID || got.ResourceVersion == "" || got.At.IsZero() {
		t.Errorf("after a raise: %+v, %t", got, ok)
	}
	if err := w.releases(md, claimed[0])[0]; err != nil {
		t.Fatal(err)
	}
	if got, ok := w.scaler.LastWrite(md); !ok || got.Replicas != 1 {
		t.Errorf("after a reduction: %+v, %t", got, ok)
	}
	w.Fail(func(call simcapi.Call, _ client.Object) error {
		if call == machineWrites {
			return apierrors.NewInternalError(errDown)
		}
		return nil
	})
	if err := w.releases(md, claimed[1])[0]; err == nil {
		t.Error("no error")
	}
	if got, ok := w.scaler.LastWrite(md); ok {
		t.Errorf("after a failure: %+v", got)
	}
}
