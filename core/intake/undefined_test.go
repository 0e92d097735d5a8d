// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/intake"
)

// SCH-059: who defines a label that a pod asks for.
func TestWhoDefinesALabel(t *testing.T) {
	const disk = "example.com/disk"
	fast := corev1.PodSpec{NodeSelector: map[string]string{disk: "fast"}}
	typesHaveIt := func(s *scene) {
		s.types[0].Requirements = s.types[0].Requirements.With(requirement.In(disk, "fast"))
	}
	for _, tc := range []struct {
		why   string
		setup func(*testing.T, *scene)
		want  string
	}{
		{"nobody", func(_ *testing.T, s *scene) { s.pool() }, "left:1"},
		{"the pool's requirements", func(_ *testing.T, s *scene) { s.pool(requiring(disk, corev1.NodeSelectorOpIn, "fast", "slow")) }, "pool-0:1"},
		{"the pool's requirements, if they only exclude another value, too", func(_ *testing.T, s *scene) { s.pool(requiring(disk, corev1.NodeSelectorOpNotIn, "slow")) }, "pool-0:1"},
		{"not the type, as long as the provider does not register the label", func(_ *testing.T, s *scene) {
			s.pool()
			typesHaveIt(s)
		}, "left:1"},
		{"the type, once the provider does", func(t *testing.T, s *scene) {
			words, err := vocabulary.New(vocabulary.Additions{WellKnownLabels: []string{disk}})
			if err != nil {
				t.Fatal(err)
			}
			s.c = intake.New(intake.Options{Vocabulary: words})
			s.pool()
			typesHaveIt(s)
		}, "pool-0:1"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			s := newScene(t)
			tc.setup(t, s)
			s.add(1, nil, fast)
			if got := s.by(label.NodePool); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	t.Run("not the anti-affinity of another pod on the same node", func(t *testing.T) {
		s := newScene(t)
		s.pool()
		s.add(1, nil, avoiding(disk, selecting("app", "web")))
		s.add(1, nil, fast)
		if got := s.by(label.NodePool); got != "pool-0:1 left:1" {
			t.Errorf("got %s", got)
		}
	})
}
