// SPDX-License-Identifier: Apache-2.0

package termination_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
)

func critical(p *corev1.Pod) { p.Spec.PriorityClassName = "system-node-critical" }

func protected(value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: value} }
}

func startedAt(at time.Time) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		started := metav1.NewTime(at)
		p.Status.StartTime = &started
	}
}

// LIF-142, LIF-144
func TestGroupsLeaveInOrder(t *testing.T) {
	daemon := fixture.OwnedBy("apps/v1", "DaemonSet")
	pods := []*corev1.Pod{
		fixture.Pod("plain", "a"), fixture.Pod("daemon", "a", daemon),
		fixture.Pod("critical", "a", critical), fixture.Pod("critical-daemon", "a", critical, daemon),
	}
	w := leaving(t, pods[0], pods[1], pods[2], pods[3], fixture.Pod("elsewhere", "b"))
	for i, pod := range pods {
		w.evictor.submitted = nil
		if got := w.pass(); got != time.Second {
			t.Errorf("looked at again after %v", got)
		}
		if got := w.evictor.pods(); !slices.Equal(got, []string{pod.Name}) {
			t.Errorf("submitted %v, want %s", got, pod.Name)
		}
		events := w.Recorder.Of("FailedDraining")
		if want := fmt.Sprintf("%d pods", len(pods)-i); len(events) == 0 || !strings.Contains(events[len(events)-1].Message, want) {
			t.Errorf("events do not say %q: %v", want, events)
		}
		w.Delete(pod)
	}
	w.passes()
	w.expect(v1.ConditionTypeDrained, "True/Drained")
}

// LIF-144: the pods that hold a node by their own annotation are named, and while
// they stay the same there is no other news.
func TestWhoHoldsANode(t *testing.T) {
	protected := func(p *corev1.Pod) { p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"} }
	w := leaving(t, fixture.Pod("plain", "a"), fixture.Pod("kept", "a", protected), fixture.Pod("last", "a", critical))
	w.pass()
	events := w.Recorder.Of("FailedDraining")
	const want = "Failed to drain node, 3 pods are waiting: 1 to be evicted; 1 until others are gone; 1 held by annotation karpenter.sh/do-not-disrupt: default/kept"
	if len(events) != 1 || events[0].Message != want {
		t.Fatalf("got %+v, want %q", events, want)
	}
	w.Delete(fixture.Pod("plain", "a"))
	w.pass()
	w.Delete(fixture.Pod("kept", "a"))
	w.pass()
	events = w.Recorder.Of("FailedDraining")
	if len(events) != 3 || events[0].Gist != events[1].Gist || events[1].Gist == events[2].Gist {
		t.Errorf("got %+v, want the gist to change with who is held", events)
	}
}

// LIF-145: the condition keeps its time, and stays once it is True.
func TestDrainedStays(t *testing.T) {
	w := leaving(t)
	w.pass()
	w.Clock.Step(4 * time.Second)
	if got := w.pass(); got != time.Second {
		t.Errorf("looked at again after %v", got)
	}
	w.expect(v1.ConditionTypeDrained, "Unknown/Draining")
	w.Clock.Step(time.Second)
	w.pass()
	w.expect(v1.ConditionTypeDrained, "True/Drained")

	w.Add(fixture.Pod("late", "a"))
	if got := w.pass(); got != time.Second {
		t.Errorf("looked at again after %v", got)
	}
	w.expect(v1.ConditionTypeDrained, "True/Drained")
	if got := w.evictor.pods(); !slices.Equal(got, []string{"late"}) {
		t.Errorf("submitted %v", got)
	}
	w.Clock.Step(10 * time.Second)
	w.pass()
	if w.gone() {
		t.Error("LIF-130: the Node went although a pod came late")
	}
	if got := w.Metric("karpenter_nodes_drained_total", nil); got != 1 {
		t.Errorf("counted %v times", got)
	}
}

// LIF-143, LIF-160: with the deadline close, pods go in no order.
func TestDeadlineForces(t *testing.T) {
	long := int64(3600)
	slow := func(p *corev1.Pod) { p.Spec.TerminationGracePeriodSeconds = &long }
	at := time.Now().Truncate(time.Second).Add(time.Minute)
	w := setup(t, leavingNodeClaim(deadline(at)), leavingNode(),
		fixture.Pod("plain", "a"), fixture.Pod("slow", "a", critical, slow, protected("true")))
	w.pass()
	if got := w.evictor.pods(); !slices.Equal(got, []string{"slow", "plain"}) {
		t.Errorf("submitted %v", got)
	}
	for _, s := range w.evictor.submitted {
		if !s.deadline.Equal(at) {
			t.Errorf("%s has deadline %v", s.pod, s.deadline)
		}
	}
}

// LIF-146, OPS-185..187
func TestProtectionIsExplained(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	tests := []struct {
		name   string
		pod    *corev1.Pod
		reason string
		says   string
	}{
		{name: "none", pod: fixture.Pod("p", "a")},
		{name: "for ever", pod: fixture.Pod("p", "a", protected("true"))},
		{name: "nonsense", pod: fixture.Pod("p", "a", protected("-5m")), reason: "InvalidDoNotDisruptAnnotation", says: "-5m"},
		{
			name: "for a while", pod: fixture.Pod("p", "a", protected("1h"), startedAt(now)),
			reason: "DoNotDisruptUntil", says: now.Add(time.Hour).Format(time.RFC3339),
		},
		{name: "over", pod: fixture.Pod("p", "a", protected("1m"), startedAt(now.Add(-time.Hour))), reason: "DoNotDisruptGracePeriodElapsed"},
		{name: "for a while from a start to come", pod: fixture.Pod("p", "a", protected("1h"))},
		{name: "of a pod that is not waited for", pod: fixture.Pod("p", "a", protected("nonsense"), fixture.OwnedBy("v1", "Node"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := leaving(t, tt.pod)
			w.pass()
			var told []string
			for _, e := range w.Recorder.Events() {
				if e.Object.GetName() == "p" {
					told = append(told, e.Reason+": "+e.Message)
				}
			}
			if (len(told) == 1) != (tt.reason != "") {
				t.Fatalf("events %v", told)
			}
			if told := w.Recorder.Of(tt.reason); tt.reason != "" && told[0].DedupeValues[0] != string(tt.pod.UID) {
				t.Errorf("repeated per %v", told[0].DedupeValues)
			}
			if tt.reason != "" && (!strings.HasPrefix(told[0], tt.reason) || !strings.Contains(told[0], tt.says)) {
				t.Errorf("event %q, want %s with %q", told[0], tt.reason, tt.says)
			}
		})
	}
}

func attached(name, volume string) *storagev1.VolumeAttachment {
	a := &storagev1.VolumeAttachment{ObjectMeta: metav1.ObjectMeta{Name: name}}
	a.Spec.NodeName = "a"
	if volume != "" {
		a.Spec.Source.PersistentVolumeName = &volume
	}
	return a
}

func claim(name, volume string) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{ObjectMeta: objectMeta(name)}
	c.Spec.VolumeName = volume
	return c
}

func using(claim string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: claim, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
		}})
	}
}

func ephemeral(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			Ephemeral: &corev1.EphemeralVolumeSource{},
		}})
	}
}

func tolerating(p *corev1.Pod) {
	p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
}

// LIF-170, LIF-171, API-120
func TestVolumes(t *testing.T) {
	elsewhere := attached("e", "data")
	elsewhere.Spec.NodeName = "b"
	stuck := fixture.DeletingPod(time.Now().Add(-time.Hour))
	tests := []struct {
		name    string
		objects []client.Object
		blocked bool
	}{
		{name: "nothing attached"},
		{name: "attached to another node", objects: []client.Object{elsewhere}},
		{name: "attached", objects: []client.Object{attached("x", "data")}, blocked: true},
		{name: "without a persistent volume", objects: []client.Object{attached("x", "")}},
		{
			name:    "used by a pod that stays",
			objects: []client.Object{attached("x", "data"), claim("c", "data"), fixture.Pod("p", "a", using("c"), tolerating)},
		},
		{
			name:    "used by a static pod",
			objects: []client.Object{attached("x", "data"), claim("c", "data"), fixture.Pod("p", "a", using("c"), fixture.OwnedBy("v1", "Node"))},
		},
		{
			name:    "used by a stuck pod",
			objects: []client.Object{attached("x", "data"), claim("c", "data"), fixture.Pod("p", "a", using("c"), stuck)},
		},
		{
			name:    "ephemeral volume of a pod that stays",
			objects: []client.Object{attached("x", "data"), claim("p-scratch", "data"), fixture.Pod("p", "a", ephemeral("scratch"), tolerating)},
		},
		{
			name: "used by a pod that has ended", blocked: true,
			objects: []client.Object{attached("x", "data"), claim("c", "data"), fixture.Pod("p", "a", using("c"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })},
		},
		{
			name: "the claim is gone", blocked: true,
			objects: []client.Object{attached("x", "data"), fixture.Pod("p", "a", using("c"), tolerating)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := leaving(t, tt.objects...)
			after := w.passes()
			if !tt.blocked {
				w.expect(v1.ConditionTypeVolumesDetached, "True/VolumesDetached")
				return
			}
			w.expect(v1.ConditionTypeVolumesDetached, "Unknown/AwaitingVolumeDetachment")
			w.expect(v1.ConditionTypeInstanceTerminating, "")
			if events := w.Recorder.Of("AwaitingVolumeDetachment"); after != time.Second || len(events) != 1 || events[0].Type != corev1.EventTypeNormal {
				t.Errorf("looked at again after %v, events %v", after, events)
			}
			w.Delete(tt.objects[0])
			w.pass()
			w.expect(v1.ConditionTypeVolumesDetached, "True/VolumesDetached")
		})
	}
}

// LIF-171
func TestVolumesAreAbandoned(t *testing.T) {
	at := time.Now().Truncate(time.Second).Add(10 * time.Second)
	w := setup(t, leavingNodeClaim(deadline(at)), leavingNode(), attached("x", "data"))
	w.passes()
	w.expect(v1.ConditionTypeVolumesDetached, "Unknown/AwaitingVolumeDetachment")
	w.Clock.SetTime(at.Add(time.Second))
	w.pass()
	w.expect(v1.ConditionTypeVolumesDetached, "False/TerminationGracePeriodElapsed")
	if !w.gone() {
		t.Error("the Node waits on")
	}
	if !fixture.Exists(w.World, attached("x", "data")) {
		t.Error("an attachment was deleted")
	}
}

// LIF-171, OPS-081, OPS-182
func TestVolumesAreNamed(t *testing.T) {
	var objects []client.Object
	for i := range 7 {
		objects = append(objects, attached(fmt.Sprintf("x%d", i), "data"))
	}
	w := leaving(t, objects...)
	w.passes()
	events := w.Recorder.Of("AwaitingVolumeDetachment")
	if len(events) != 1 || events[0].Object.GetName() != "a" || !slices.Equal(events[0].DedupeValues, []string{"a"}) ||
		!strings.HasSuffix(events[0].Message, "x0, x1, x2, x3, x4 and 2 others") {
		t.Errorf("events %v", events)
	}
}

// LIF-134: volumes are waited for without a NodeClaim too.
func TestVolumesWithoutNodeClaim(t *testing.T) {
	blocking := attached("x", "data")
	w := setup(t, leavingNode(), blocking)
	if got := w.pass(); got != time.Second || w.gone() {
		t.Errorf("gone %v, looked at again after %v", w.gone(), got)
	}
	w.Delete(blocking)
	w.pass()
	if !w.gone() {
		t.Error("the Node is still there")
	}
}
