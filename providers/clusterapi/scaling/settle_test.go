// SPDX-License-Identifier: Apache-2.0

package scaling_test

import (
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
)

// CAPI-059: Cluster API has deleted another Machine than the marked one.
func TestSettle(t *testing.T) {
	t.Parallel()
	for reason, tc := range map[string]struct {
		marked   time.Duration
		replicas int32
		goes     bool
	}{
		"it was marked long ago":        {3 * time.Minute, 2, true},
		"Cluster API still has time":    {time.Minute, 2, false},
		"one is still to be taken away": {3 * time.Minute, 1, false},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			md, machines := w.owned("md", 2)
			w.StandStill(true)
			w.ChangeMachine(client.ObjectKeyFromObject(machines[0]), func(m *capi.Machine) {
				m.Annotations[capi.AnnotationDelete] = time.Now().Add(-tc.marked).UTC().Format(time.RFC3339)
			})
			d := w.Get(md)
			d.Annotations[v1alpha1.AnnotationPendingDeletion] = machines[0].Name
			d.Spec.Replicas = new(tc.replicas)
			if err := w.API.Update(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			if err := w.scaler.Settle(t.Context(), md); err != nil {
				t.Fatal(err)
			}
			if gone := w.terminating(md); gone[machines[0].Name] != tc.goes || gone[machines[1].Name] {
				t.Errorf("go: %v", gone)
			}
		})
	}
}
