// SPDX-License-Identifier: Apache-2.0

package pods_test

import (
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/objects/pods"
)

func pod(change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{}
	if change != nil {
		change(p)
	}
	return p
}

func owner(apiVersion, kind string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind}}
	}
}

func terminating(p *corev1.Pod) {
	now := metav1.Now()
	p.DeletionTimestamp = &now
}

func phase(phase corev1.PodPhase) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.Phase = phase }
}

func all(changes ...func(*corev1.Pod)) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		for _, change := range changes {
			change(p)
		}
	}
}

// SCH-005
func TestWhoNeedsAnotherPlace(t *testing.T) {
	tests := []struct {
		name   string
		change func(*corev1.Pod)
		want   bool
	}{
		{"without owner", nil, true},
		{"of a ReplicaSet", owner("apps/v1", "ReplicaSet"), true},
		{"of a DaemonSet, which has one on every node", owner("apps/v1", "DaemonSet"), false},
		{"of another group's DaemonSet", owner("example.com/v1", "DaemonSet"), true},
		{"static", owner("v1", "Node"), false},
		{"ended well", phase(corev1.PodSucceeded), false},
		{"ended badly", phase(corev1.PodFailed), false},
		{"terminating, so its successor is there already", terminating, false},
		{"terminating of a StatefulSet, whose successor waits", all(terminating, owner("apps/v1", "StatefulSet")), true},
		{"ended and terminating of a StatefulSet", all(terminating, phase(corev1.PodFailed), owner("apps/v1", "StatefulSet")), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := pods.Reschedulable(pod(tt.change)); got != tt.want {
				t.Errorf("Reschedulable() = %v, want %v", got, tt.want)
			}
		})
	}
}

// LIF-140, LIF-142
func TestForDrain(t *testing.T) {
	at := metav1.NewTime(time.Unix(1000, 0))
	seconds := int64(30)
	full := pod(func(p *corev1.Pod) {
		p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "5m"}
		p.DeletionTimestamp, p.Status.StartTime = &at, &at
		p.Spec.TerminationGracePeriodSeconds = &seconds
		p.Spec.PriorityClassName = "system-node-critical"
		p.Spec.Tolerations = []corev1.Toleration{{Key: "k", Operator: corev1.TolerationOpEqual, Value: "v", Effect: corev1.TaintEffectNoExecute}}
		p.Status.Phase = corev1.PodFailed
		owner("apps/v1", "DaemonSet")(p)
	})
	tests := []struct {
		name string
		pod  *corev1.Pod
		want drain.Pod
	}{
		{"nothing set", pod(nil), drain.Pod{Tolerations: taint.Tolerations{}}},
		{"all set", full, drain.Pod{
			Terminal: true, Deletion: at.Time, Started: at.Time, Grace: 30 * time.Second, HasGrace: true,
			Daemon: true, Critical: true, Protection: drain.ParseProtection("5m"),
			Tolerations: taint.Tolerations{{Key: "k", Operator: taint.TolerateEqual, Value: "v", Effect: taint.NoExecute}},
		}},
		{"static", pod(owner("v1", "Node")), drain.Pod{Mirror: true, Tolerations: taint.Tolerations{}}},
		{
			"the empty annotation is one that nobody understands",
			pod(func(p *corev1.Pod) { p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: ""} }),
			drain.Pod{Protection: drain.ParseProtection(""), Tolerations: taint.Tolerations{}},
		},
		{
			"other priority classes are ordinary",
			pod(func(p *corev1.Pod) { p.Spec.PriorityClassName = "very-critical" }),
			drain.Pod{Tolerations: taint.Tolerations{}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := pods.ForDrain(tt.pod); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("ForDrain() = %+v, want %+v", got, tt.want)
			}
		})
	}
}
