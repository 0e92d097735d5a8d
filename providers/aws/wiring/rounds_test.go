// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apitypes "k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	v1 "karpenter.sh/providers/aws/apis/v1"
	cloud "karpenter.sh/test/cloudsim/world"
)

// claim asks for any Linux machine.
func claim(name string, capacityTypes ...string) *karpv1.NodeClaim {
	c := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{
		Name: name, UID: apitypes.UID("uid-of-" + name), Labels: map[string]string{karpv1.NodePoolLabelKey: "pool", v1.LabelNodeClass: "default"},
	}}
	c.Spec.NodeClassRef = karpv1.NodeClassReference{Group: v1.Kind().Group, Kind: v1.Kind().Kind, Name: "default"}
	c.Spec.Requirements = []karpv1.NodeSelectorRequirementWithMinValues{{Key: corev1.LabelOSStable, Operator: "In", Values: []string{"linux"}}}
	if len(capacityTypes) > 0 {
		c.Spec.Requirements = append(c.Spec.Requirements, karpv1.NodeSelectorRequirementWithMinValues{
			Key: karpv1.CapacityTypeLabelKey, Operator: "In", Values: capacityTypes,
		})
	}
	return c
}

// AWS-325, AWS-326, AWS-093, CP-022, CP-117: whatever goes wrong, once all is mended and
// collected there is a machine for each NodeClaim and none beside, and a NodeClass leaves
// nothing behind.
func TestRounds(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := &rounds{world: newWorld(t), random: rand.New(rand.NewPCG(seed, 1))}
			for range 60 {
				r.step()
			}
			r.mend()
			r.wantMachines()
			r.end()
		})
	}
}

// rounds do at random what happens to a provider, in the place of the core.
type rounds struct {
	*world
	random *rand.Rand
	named  int
}

func (r *rounds) step() {
	switch n := r.random.IntN(12); n {
	case 0, 1, 2, 3:
		r.named++
		r.store(r.t, claim(fmt.Sprintf("claim-%d", r.named)))
		r.launchAll(0.8)
	case 4, 5:
		if claims := r.claims(); len(claims) > 0 {
			r.must(r.api.Delete(r.t.Context(), &claims[r.random.IntN(len(claims))]))
		}
		r.endAll()
	case 6:
		r.Fault(`[{"call": "ec2:CreateFleet", "times": 1, "lost": true}]`)
	case 7:
		r.FailOnce([]string{"ec2:CreateFleet", "ec2:TerminateInstances", "ec2:DescribeInstances", "ec2:CreateLaunchTemplate"}[r.random.IntN(4)], "InternalError", "")
	case 8:
		r.restart()
	case 9:
		r.Cloud.DropLaunchTemplates()
	case 10:
		r.Cloud.Stock().Set(cloud.Pool{Zone: r.Setup.Zones[r.random.IntN(3)].Name, Capacity: "spot"}, r.random.IntN(3))
	case 11:
		r.Step(time.Duration(r.random.IntN(120)) * time.Second)
		_ = r.tryCollect()
	}
}

func (r *rounds) claims() []karpv1.NodeClaim {
	list := &karpv1.NodeClaimList{}
	r.must(r.api.List(r.t.Context(), list))
	return list.Items
}

// launchAll launches for who has no machine. What became of it is written down only
// sometimes.
func (r *rounds) launchAll(written float64) {
	for _, c := range r.claims() {
		if c.Status.ProviderID != "" || !c.DeletionTimestamp.IsZero() {
			continue
		}
		created, err := r.front.Create(r.t.Context(), c.DeepCopy())
		if err != nil || r.random.Float64() >= written {
			continue
		}
		c.Status.ProviderID = created.Status.ProviderID
		r.must(r.api.Status().Update(r.t.Context(), &c))
	}
}

// endAll ends the machines of NodeClaims under deletion, which go with them.
func (r *rounds) endAll() {
	for _, c := range r.claims() {
		if c.DeletionTimestamp.IsZero() {
			continue
		}
		if err := r.front.Delete(r.t.Context(), c.DeepCopy()); cloudprovider.IsNodeClaimNotFoundError(err) {
			c.Finalizers = nil
			r.must(client.IgnoreNotFound(r.api.Update(r.t.Context(), &c)))
		}
	}
}

func (r *rounds) tryCollect() error {
	_, err := r.collector().Reconcile(r.t.Context())
	return err
}

// mend lets all that was begun come to its end.
func (r *rounds) mend() {
	r.t.Helper()
	r.Heal()
	r.Cloud.Stock().Set(cloud.Pool{}, plenty)
	for range 3 {
		r.Step(5 * time.Minute)
		r.launchAll(1)
		r.endAll()
		r.must(r.tryCollect())
	}
	r.Step(time.Minute)
}

func (r *rounds) wantMachines() {
	r.t.Helper()
	want := map[string]bool{}
	for _, c := range r.claims() {
		want[c.Status.ProviderID] = true
	}
	got := map[string]bool{}
	listed, err := r.front.List(r.t.Context())
	r.must(err)
	for _, m := range listed {
		got[m.Status.ProviderID] = true
	}
	if !maps.Equal(got, want) || r.count() != len(want) || want[""] {
		r.t.Errorf("%d machines run: %v, want %v", r.count(), slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// end deletes all NodeClaims, then the NodeClass.
func (r *rounds) end() {
	r.t.Helper()
	for _, c := range r.claims() {
		r.must(client.IgnoreNotFound(r.api.Delete(r.t.Context(), &c)))
	}
	r.mend()
	ending := r.ending()
	ending.Delete(r.t)
	ending.Reconcile(r.t)
	if left := r.owned(); r.count() != 0 || left != 0 || !ending.Gone() {
		r.t.Errorf("%d machines and %d resources are left, the NodeClass is gone: %t", r.count(), left, ending.Gone())
	}
}

// AWS-293, AWS-403: the NodeClaim is told of the role that spot lacks.
func TestMissingSpotRoleIsTold(t *testing.T) {
	w := newWorld(t)
	w.Within(nil, "AuthFailure.ServiceLinkedRoleCreationNotPermitted", "")
	if _, err := w.front.Create(t.Context(), claim("spot", "spot")); !cloudprovider.IsInsufficientCapacityError(err) {
		t.Errorf("got %v", err)
	}
	if told := w.events.Of("SpotServiceLinkedRoleCreationFailure"); len(told) != 1 || told[0].Object.GetName() != "spot" {
		t.Errorf("events %v", w.events.Reasons())
	}
}

// AWS-342: a profile that was deleted behind our back is made anew once EC2 refuses it.
func TestRefusedProfileIsMadeAnew(t *testing.T) {
	w := newWorld(t)
	before := w.nodeClass().Status.InstanceProfile
	w.Step(2 * time.Minute) // what was just made is not looked up
	w.resolve()
	w.dropProfile(before)
	created, err := w.front.Create(t.Context(), claim("refused"))
	if e, is := cloudprovider.AsCreateError(err); !is || e.Reason != "InstanceProfileNameInvalid" {
		t.Fatalf("got %v, %v", created, err)
	}
	w.resolve()
	if after := w.nodeClass().Status.InstanceProfile; after == before {
		t.Errorf("the profile is %s still", after)
	}
	if _, err := w.front.Create(t.Context(), claim("refused")); err != nil {
		t.Error(errors.Unwrap(err), err)
	}
}

// AWS-326: a machine is not collected while the launch it comes from is under way, however
// long the cloud's answer takes.
func TestLaunchUnderWayIsNotCollected(t *testing.T) {
	w := newWorld(t)
	launched := 0
	var slow func()
	slow = func() {
		if launched = w.launches(); launched == 0 {
			w.answered.Store(&slow) // the answer was another call's
			return
		}
		w.Step(time.Minute)
		w.collect(t)
	}
	w.answered.Store(&slow)
	created, err := w.front.Create(t.Context(), claim("slow"))
	if err != nil || launched != 1 || w.count() != 1 {
		t.Fatalf("got %v, %v; %d launches, %d machines", created, err, launched, w.count())
	}
	// Nobody wrote it down: once the launch is over it is an orphan like any other.
	w.collect(t)
	w.Step(15 * time.Second)
	if n := w.count(); n != 0 {
		t.Errorf("%d machines", n)
	}
}
