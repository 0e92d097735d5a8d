// SPDX-License-Identifier: Apache-2.0

package nodeclass_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/reconcile/index"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
	"karpenter.sh/providers/clusterapi/inventory"
	"karpenter.sh/providers/clusterapi/management"
	"karpenter.sh/providers/clusterapi/nodeclass"
	"karpenter.sh/providers/clusterapi/provider"
	"karpenter.sh/providers/clusterapi/scaling"
	"karpenter.sh/providers/clusterapi/signals"
	"karpenter.sh/providers/clusterapi/stock"
)

type world struct {
	*simcapi.Cluster
	t        *testing.T
	clock    *clocktesting.FakeClock
	events   *eventstest.Recorder
	health   *health.Record
	resolver *nodeclass.Resolver
	down     error
	// untold is why facts cannot be told.
	untold error
	// writes are the last of each deployment.
	writes map[types.NamespacedName]scaling.Write
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	w := &world{t: t, clock: clock, Cluster: simcapi.New(t, clock, "v1beta1"), events: &eventstest.Recorder{}, health: health.New(health.Options{Clock: clock})}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, karpv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme)
	for _, f := range index.Fields() {
		if _, _, err := scheme.ObjectKinds(f.Object); err == nil {
			builder = builder.WithIndex(f.Object, f.Name, f.Extract)
		}
	}
	workload := builder.Build()
	reader := &inventory.Reader{
		Management: inventory.Management{Cache: w.Cache(), Live: w.Cache()}, Workload: inventory.Workload{Cache: workload, Live: workload},
	}
	w.resolver = nodeclass.New(nodeclass.Options{
		Stock: stock.New(stock.Options{
			Inventory: reader, Health: w.health, Clock: clock,
			Facts: func(context.Context, *capi.MachineDeployment) (instancetype.Facts, error) {
				return instancetype.Facts{}, w.untold
			},
		}),
		Inventory: reader, LastWrite: w.lastWrite, Reachable: func(context.Context) error { return w.down }, Health: w.health, Events: w.events, Clock: clock,
	})
	return w
}

func (w *world) lastWrite(deployment types.NamespacedName) (scaling.Write, bool) {
	of, ok := w.writes[deployment]
	return of, ok
}

// sized makes a deployment a type.
func sized(d *capi.MachineDeployment) {
	d.Annotations[instancetype.AnnotationCPU], d.Annotations[instancetype.AnnotationMemory] = "4", "16Gi"
}

// CAPI-015, CAPI-060
func TestResolve(t *testing.T) {
	for reason, tc := range map[string]struct {
		prepare func(*world, *v1alpha1.ClusterAPINodeClass)
		status  metav1.ConditionStatus
		reason  string
		tells   string
	}{
		"some can be used": {func(w *world, _ *v1alpha1.ClusterAPINodeClass) {
			w.Deployment("a", 0, sized)
			w.Deployment("b", 0)
		}, metav1.ConditionTrue, "", ""},
		"nothing is selected": {func(w *world, c *v1alpha1.ClusterAPINodeClass) {
			w.Deployment("a", 0, sized)
			c.Spec.ScalableResourceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}
		}, metav1.ConditionFalse, nodeclass.ReasonNotFound, ""},
		"several clusters": {func(w *world, _ *v1alpha1.ClusterAPINodeClass) {
			w.Deployment("a", 0, sized)
			w.Deployment("b", 0, sized, func(d *capi.MachineDeployment) { d.Spec.ClusterName = "other" })
		}, metav1.ConditionFalse, nodeclass.ReasonAmbiguous, "capi/other, capi/workload"},
		"none can be used": {func(w *world, _ *v1alpha1.ClusterAPINodeClass) {
			for i := range 7 {
				w.Deployment(fmt.Sprintf("md-%d", i), 0)
			}
		}, metav1.ConditionFalse, nodeclass.ReasonNoneUsable, "md-4: its CPU or memory is not known and 2 other(s)"},
		"the selector cannot be read": {func(_ *world, c *v1alpha1.ClusterAPINodeClass) {
			c.Spec.ScalableResourceSelector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}}
		}, metav1.ConditionFalse, nodeclass.ReasonInvalidSelector, "Like"},
		"the management cluster does not answer": {func(w *world, _ *v1alpha1.ClusterAPINodeClass) {
			w.down = errors.New("no route")
		}, metav1.ConditionUnknown, nodeclass.ReasonUnavailable, "no route"},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			nodeClass := &v1alpha1.ClusterAPINodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
			tc.prepare(w, nodeClass)
			got, err := w.resolver.Resolve(t.Context(), nodeClass)
			if err != nil || got.Status != tc.status || got.Reason != tc.reason || !strings.Contains(got.Message, tc.tells) || got.After <= 0 || got.After > 5*time.Minute {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// CAPI-060: after a restart the condition stays as it is until the cache was filled.
func TestFilling(t *testing.T) {
	w := newWorld(t)
	w.down = fmt.Errorf("the start: %w", management.ErrFilling)
	got, err := w.resolver.Resolve(t.Context(), &v1alpha1.ClusterAPINodeClass{})
	if !errors.Is(err, management.ErrFilling) || got.Status != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// CAPI-020: each value that cannot be read is told, whatever else changes.
func TestMalformed(t *testing.T) {
	w := newWorld(t)
	w.Deployment("a", 0, sized)
	w.Deployment("b", 0, sized, func(d *capi.MachineDeployment) { d.Annotations[instancetype.AnnotationCPU] = "many" })
	if _, err := w.resolver.Resolve(t.Context(), &v1alpha1.ClusterAPINodeClass{}); err != nil {
		t.Fatal(err)
	}
	told := w.events.Of(signals.MachineDeploymentMalformed)
	if len(told) != 1 || !strings.Contains(told[0].Message, "capi/b") || !strings.Contains(told[0].Message, instancetype.AnnotationCPU) {
		t.Errorf("told %+v", told)
	}
	change := func(annotation, value string) []string {
		t.Helper()
		w.Change(types.NamespacedName{Namespace: "capi", Name: "b"}, func(d *capi.MachineDeployment) { d.Annotations[annotation] = value })
		if _, err := w.resolver.Resolve(t.Context(), &v1alpha1.ClusterAPINodeClass{}); err != nil {
			t.Fatal(err)
		}
		told := w.events.Of(signals.MachineDeploymentMalformed)
		return told[len(told)-1].DedupeValues
	}
	first := told[0].DedupeValues
	if again := change("example.com/note", "n"); !slices.Equal(again, first) {
		t.Errorf("another version is told anew: %v, was %v", again, first)
	}
	if again := change(instancetype.AnnotationCPU, "more"); slices.Equal(again, first) {
		t.Errorf("another value is not told: %v", again)
	}
}

// CAPI-019, CAPI-060: what cannot be told now is named, once however the cause is worded,
// and is looked at again soon.
func TestUntold(t *testing.T) {
	w := newWorld(t)
	w.Deployment("a", 0, sized)
	var flaws [][]string
	for _, cause := range []string{"no answer on port 1", "no answer on port 2"} {
		w.untold = errors.New(cause)
		got, err := w.resolver.Resolve(t.Context(), &v1alpha1.ClusterAPINodeClass{})
		if err != nil || got.Reason != nodeclass.ReasonNoneUsable || !strings.Contains(got.Message, cause) || got.After > time.Minute {
			t.Errorf("got %+v, %v", got, err)
		}
		told := w.events.Of(signals.MachineDeploymentMalformed)
		flaws = append(flaws, told[len(told)-1].DedupeValues)
	}
	if !slices.Equal(flaws[0], flaws[1]) {
		t.Errorf("told twice: %v", flaws)
	}
}

// CAPI-016: a write of somebody else soon after ours is a quarrel.
func TestOverwritten(t *testing.T) {
	for reason, tc := range map[string]struct {
		happens func(w *world, md types.NamespacedName, ours *scaling.Write)
		want    int
	}{
		"nobody writes": {func(*world, types.NamespacedName, *scaling.Write) {}, 0},
		"somebody writes something else": {func(w *world, md types.NamespacedName, _ *scaling.Write) {
			w.Change(md, func(d *capi.MachineDeployment) { d.Annotations["example.com/note"] = "n" })
		}, 0},
		"somebody writes the replicas": {func(w *world, md types.NamespacedName, _ *scaling.Write) {
			w.clock.Step(time.Minute)
			w.Change(md, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(1)) })
		}, 1},
		"later": {func(w *world, md types.NamespacedName, _ *scaling.Write) {
			w.clock.Step(time.Minute + time.Second)
			w.Change(md, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(1)) })
		}, 0},
		"the cache does not show our write yet": {func(_ *world, _ types.NamespacedName, ours *scaling.Write) {
			ours.Replicas, ours.ResourceVersion = 7, "1"+ours.ResourceVersion
		}, 0},
		"ours was of a deployment that is gone": {func(w *world, md types.NamespacedName, ours *scaling.Write) {
			ours.Deployment = "other"
			w.Change(md, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(1)) })
		}, 0},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			md := w.Deployment("md", 3, sized)
			d := w.Get(md)
			ours := scaling.Write{Deployment: d.UID, Replicas: 3, ResourceVersion: d.ResourceVersion, At: w.clock.Now()}
			tc.happens(w, md, &ours)
			w.writes = map[types.NamespacedName]scaling.Write{md: ours}
			if _, err := w.resolver.Resolve(t.Context(), &v1alpha1.ClusterAPINodeClass{}); err != nil {
				t.Fatal(err)
			}
			told := w.events.Of(signals.ReplicasOverwritten)
			if len(told) != tc.want {
				t.Errorf("told %v", told)
			}
			if tc.want > 0 && (!strings.Contains(told[0].Message, "capi/md to 1") || told[0].DedupeTimeout != 10*time.Minute) {
				t.Errorf("told %+v", told[0])
			}
		})
	}
}

// CAPI-037: a deployment that was refused for its size is back as soon as there is room.
func TestLimit(t *testing.T) {
	for reason, tc := range map[string]struct {
		why    string
		change func(*capi.MachineDeployment)
		back   bool
	}{
		"nothing changes":    {scaling.ReasonLimit, func(*capi.MachineDeployment) {}, false},
		"replicas fall":      {scaling.ReasonLimit, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(1)) }, true},
		"the limit rises":    {scaling.ReasonLimit, func(d *capi.MachineDeployment) { d.Annotations[capi.AnnotationMaxSize] = "3" }, true},
		"the limit goes":     {scaling.ReasonLimit, func(d *capi.MachineDeployment) { delete(d.Annotations, capi.AnnotationMaxSize) }, true},
		"the limit falls":    {scaling.ReasonLimit, func(d *capi.MachineDeployment) { d.Annotations[capi.AnnotationMaxSize] = "1" }, false},
		"for another reason": {scaling.ReasonGone, func(d *capi.MachineDeployment) { d.Spec.Replicas = new(int32(1)) }, false},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			md := w.Deployment("md", 2, sized, func(d *capi.MachineDeployment) { d.Annotations[capi.AnnotationMaxSize] = "2" })
			provider.Refused(w.health)(md, tc.why)
			w.Change(md, tc.change)
			if _, err := w.resolver.Resolve(t.Context(), &v1alpha1.ClusterAPINodeClass{}); err != nil {
				t.Fatal(err)
			}
			if left := len(w.health.Snapshot().Entries()); (left == 0) != tc.back {
				t.Errorf("%d marks are left", left)
			}
		})
	}
}

// CAPI-120: that Cluster API has seen the replicas is looked for, since nobody tells.
func TestRunawayUnseen(t *testing.T) {
	w := newWorld(t)
	md := w.Deployment("md", 5, sized)
	w.StandStill(true)
	lowered := w.Get(md)
	lowered.Spec.Replicas = new(int32(1))
	lowered.Generation = lowered.Status.ObservedGeneration + 1
	if err := w.API.Update(t.Context(), lowered); err != nil {
		t.Fatal(err)
	}
	got, err := w.resolver.Resolve(t.Context(), &v1alpha1.ClusterAPINodeClass{})
	if err != nil || got.After != 5*time.Second {
		t.Errorf("again after %v, %v", got.After, err)
	}
}

// CAPI-120: too many Machines for a minute are a deployment that runs away, until it has
// settled.
func TestRunaway(t *testing.T) {
	w := newWorld(t)
	md := w.Deployment("md", 5, sized)
	w.StandStill(true)
	lowered := w.Get(md)
	lowered.Spec.Replicas = new(int32(1))
	if err := w.API.Update(t.Context(), lowered); err != nil {
		t.Fatal(err)
	}
	marked := func() bool { return len(w.health.Snapshot().Entries()) > 0 }
	resolve := func() time.Duration {
		got, err := w.resolver.Resolve(t.Context(), &v1alpha1.ClusterAPINodeClass{})
		if err != nil || got.Status != metav1.ConditionTrue {
			t.Fatalf("got %+v, %v", got, err)
		}
		return got.After
	}
	if after := resolve(); after != time.Minute || marked() {
		t.Errorf("at once: left alone %t, again after %v", marked(), after)
	}
	w.clock.Step(time.Minute)
	if after := resolve(); after != time.Minute {
		t.Errorf("whether it has settled is looked for after %v", after)
	}
	told := w.events.Of(signals.MachinesOutnumberReplicas)
	if !marked() || len(told) != 1 || !strings.Contains(told[0].Message, "capi/md has 5 Machines for 1 replicas") {
		t.Errorf("after a minute: left alone %t, told %v", marked(), told)
	}
	w.StandStill(false)
	if w.LetGo(); len(w.Machines(md)) != 1 {
		t.Fatal("it does not settle")
	}
	if resolve(); marked() {
		t.Error("still left alone")
	}
}
