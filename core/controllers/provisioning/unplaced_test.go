// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// SCH-024, EXT-122: where no pool can launch anything each is named with the
// cause, and one that the pod asks for is named first although others can.
func TestUnusablePoolsAreNamed(t *testing.T) {
	now := metav1.Now()
	withoutClass := readyPool("classless")
	withoutClass.StatusConditions().SetFalse(v1.ConditionTypeNodeClassReady, "NodeClassNotFound", "it is not there")
	invalid := readyPool("invalid")
	invalid.StatusConditions().SetFalse(v1.ConditionTypeValidationSucceeded, "NodePoolValidationFailed", "requirements on zone exclude each other")
	unseen := readyPool("unseen")
	unseen.Status.Conditions = nil
	static := readyPool("static", func(np *v1.NodePool) { n := int64(3); np.Spec.Replicas = &n })
	leaving := readyPool("leaving", func(np *v1.NodePool) { np.DeletionTimestamp, np.Finalizers = &now, []string{"example.com/hold"} })
	foreign := readyPool("foreign", func(np *v1.NodePool) { np.Spec.Template.Spec.NodeClassRef.Kind = "Other" })
	selecting := func(pool string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{v1.NodePoolLabelKey: pool} }
	}
	for _, tc := range []struct {
		why    string
		pools  []client.Object
		pod    *corev1.Pod
		prefix string
		parts  []string
	}{
		{"all of them", []client.Object{withoutClass, invalid, unseen, static, leaving, foreign}, pendingPod("a", "1"), "Failed to schedule pod, no dynamic nodepools found: ", []string{
			`nodepool "classless": not ready: NodeClassReady of TestNodeClass "default": it is not there`,
			`nodepool "invalid": not ready: ValidationSucceeded: requirements on zone exclude each other`,
			`nodepool "unseen": not ready: ValidationSucceeded is not known yet, NodeClassReady of TestNodeClass "default" is not known yet`,
			`nodepool "static": static`, `nodepool "leaving": being deleted`,
			`nodepool "foreign": the NodeClass belongs to another provider: Other.karpenter.test.sh "default"`,
		}},
		{"the one that the pod asks for", []client.Object{readyPool("a"), withoutClass, readyPool("z")}, pendingPod("a", "1", selecting("classless")),
			`Failed to schedule pod, nodepool "classless": not ready: `, []string{`the pod selects nodepool In [classless]`}},
		{"one that the pod does not ask for", []client.Object{readyPool("a"), withoutClass}, pendingPod("a", "1000"),
			`Failed to schedule pod, nodepool "a": no instance type is large enough`, []string{`nodepool "classless": not ready`}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, append(tc.pools, tc.pod)...)
			w.must(w.round())
			told := w.recorder.Of("FailedScheduling")
			if len(told) != 1 || !strings.HasPrefix(told[0].Message, tc.prefix) {
				t.Fatalf("told %+v", told)
			}
			for _, part := range tc.parts {
				if !strings.Contains(told[0].Message, part) {
					t.Errorf("%q does not say %q", told[0].Message, part)
				}
			}
		})
	}
}

// SCH-229: pods that differ in nothing make one record, when they are new, when
// what keeps them changes, and then every ten minutes.
func TestStuckPodsAreLoggedOnce(t *testing.T) {
	objects := []client.Object{readyPool("default")}
	for i := range 20 {
		objects = append(objects, pendingPod(fmt.Sprintf("large-%02d", i), "1000"))
	}
	objects = append(objects, pendingPod("lost", "1", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"team": "a"} }))
	w := newWorld(t, objects...)
	var records []string
	w.log = funcr.New(func(_, args string) {
		if strings.Contains(args, "could not schedule pod") {
			records = append(records, args)
		}
	}, funcr.Options{})
	clk := w.subject.Clock.(*clocktesting.FakeClock)
	said := func(why string, n int) {
		t.Helper()
		records = nil
		w.must(w.round())
		if len(records) != n {
			t.Errorf("%s: %d records, want %d: %q", why, len(records), n, records)
		}
	}
	said("one for each class", 2)
	if len(records) == 2 && (!strings.Contains(records[0], "default/large-00") || !strings.Contains(records[0], `"pod-count"=20`)) {
		t.Errorf("got %s", records[0])
	}
	clk.Step(9 * time.Minute)
	said("the same again", 0)
	clk.Step(time.Minute)
	said("ten minutes later", 2)
	w.must(w.client.Create(t.Context(), pendingPod("large-99", "1000")))
	said("a pod that is new", 1)
	w.must(w.client.Create(t.Context(), readyPool("another")))
	said("another cause", 2)
	gists := map[string]bool{}
	for _, e := range w.recorder.Of("FailedScheduling") {
		if e.Object.GetName() == "lost" {
			gists[e.Gist] = true
		}
	}
	if len(gists) != 2 || gists[""] {
		t.Errorf("the events about one pod have %d gists, want one for each cause", len(gists))
	}
}

// SCH-027: a provider that cannot list a pool's types is quoted.
func TestUnknownTypesAreTold(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "1"))
	w.provider.FailAlways("GetInstanceTypes", errors.New("the cloud is away"))
	w.must(w.round())
	told := w.recorder.Of("FailedScheduling")
	if len(told) != 1 || !strings.Contains(told[0].Message, `no dynamic nodepools found: nodepool "default": instance types are not known: the cloud is away`) {
		t.Errorf("told %+v", told)
	}
}
