// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/testkit/stubmanager"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/wiring"
)

// AWS-400: the names by which logs and metrics know the controllers; what is switched
// off has none.
func TestNamesOfControllers(t *testing.T) {
	t.Parallel()
	always := []string{
		"nodeclass.status", "nodeclass.hash", "nodeclass.termination", "instance.garbagecollection",
		"nodeclaim.tagging", "providers.pricing", "providers.instancetype",
		"providers.instancetype.capacity", "providers.ssm.invalidation", "providers.version", "providers.networkplugin", "interruption.instancestatus",
	}
	for reason, tc := range map[string]struct {
		change func(*wiring.Options)
		more   []string
	}{
		"all is switched on": {
			func(o *wiring.Options) { o.Settings.EnableZonalShift = true },
			[]string{"providers.quota", "instanceprofile.garbagecollection", "interruption", "capacityreservation.capacitytype", "capacityreservation.expiration", "zonalshift"},
		},
		"nothing is": {func(o *wiring.Options) {
			o.Settings.InterruptionQueue, o.Core.FeatureGates.ReservedCapacity, o.Settings.IsolatedVPC = "", false, true
		}, nil},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			w := newWhole(t, tc.change)
			m, err := stubmanager.New(t.Context(), w.Scheme, &v1.EC2NodeClass{}, &karpv1.NodeClaim{}, &karpv1.NodePool{}, &corev1.Node{})
			if err != nil {
				t.Fatal(err)
			}
			r := stubmanager.NewRoll(t, m)
			for _, c := range w.Controllers() {
				if err := c.Register(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			want := slices.Sorted(slices.Values(slices.Concat(always, tc.more)))
			if got := r.Names(); !slices.Equal(got, want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
			}
		})
	}
}
