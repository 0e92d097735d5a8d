// SPDX-License-Identifier: Apache-2.0

package performance_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// OPS-278 to OPS-280: pods have requests only, and a few constraints.
var _ = Describe("Performance", Label("performance", "long"), func() {
	It("of plain pods: basic", func(ctx SpecContext) {
		play(ctx, "basic",
			scalesOut(1000, 15*time.Minute, runs(small(500), large(500))),
			consolidates(700, 20*time.Minute, scales(map[string]int32{"small": 350, "large": 350})))
	})

	It("of pods that spread over nodes: hostNameSpreading", func(ctx SpecContext) {
		play(ctx, "hostNameSpreading",
			scalesOut(1000, 15*time.Minute, runs(over(small(500), hostname), large(500))),
			consolidates(700, 30*time.Minute, scales(map[string]int32{"small": 350, "large": 350})))
	})

	It("of twice as many pods that spread over nodes: hostNameSpreadingXL", func(ctx SpecContext) {
		play(ctx, "hostNameSpreadingXL",
			scalesOut(2000, 25*time.Minute, runs(over(small(1000), hostname), large(1000))),
			consolidates(1400, 25*time.Minute, scales(map[string]int32{"small": 700, "large": 700})))
	})

	// OPS-281.
	It("of many workloads that differ: wideDeployments", func(ctx SpecContext) {
		workloads, fewer := wide()
		play(ctx, "wideDeployments",
			scalesOut(1000, 20*time.Minute, runs(workloads...)),
			consolidates(700, 30*time.Minute, scales(fewer)))
	})

	It("of pods that come to avoid each other: interference", func(ctx SpecContext) {
		interferes := phase{name: "interference", pods: 750, wait: 5 * time.Minute, change: func(ctx SpecContext, s *stage) {
			scales(map[string]int32{"small": 250})(ctx, s)
			runs(apart(large(500)))(ctx, s)
		}}
		play(ctx, "interference",
			scalesOut(500, 15*time.Minute, runs(apart(small(500)))), interferes,
			consolidates(600, 15*time.Minute, scales(map[string]int32{"small": 400, "large": 200})))
	})

	It("beside pods that may not be moved: doNotDisrupt", func(ctx SpecContext) {
		protected := objects.Workload{
			Name: "protected", Replicas: 100, CPU: "900m", Memory: "450Mi",
			Annotations: map[string]string{v1.DoNotDisruptAnnotationKey: "true"},
		}
		var before []types.UID
		stays := consolidates(600, 25*time.Minute, func(ctx SpecContext, s *stage) {
			before = uids(ctx, protected)
			scales(map[string]int32{"small": 250, "large": 250})(ctx, s)
		})
		stays.check = func(ctx SpecContext, _ *stage) {
			Expect(uids(ctx, protected)).To(ConsistOf(before), "what may not be moved")
		}
		play(ctx, "doNotDisrupt",
			scalesOut(1100, 15*time.Minute, runs(over(small(500), hostname), large(500), protected)), stays)
	})

	It("of nodes that drift: drift", func(ctx SpecContext) {
		const revision = "example.com/revision"
		initial := scalesOut(600, 20*time.Minute, runs(over(small(300), hostname), large(300)))
		initial.name = "initial"
		drifts := phase{
			name: "drift", pods: 600, wait: 30 * time.Minute, calm: 2 * time.Minute, look: 15 * time.Second,
			change: func(ctx SpecContext, s *stage) {
				env.Update(ctx, s.pool, func() { s.pool.Spec.Template.ObjectMeta.Annotations = map[string]string{revision: "2"} })
			},
			check: func(ctx SpecContext, s *stage) {
				for _, claim := range env.Claims(ctx, s.pool) {
					Expect(claim.Annotations).To(HaveKeyWithValue(revision, "2"), "NodeClaim %s", claim.Name)
				}
			},
		}
		pause := initial
		pause.check = func(ctx SpecContext, _ *stage) { rest(ctx, 30*time.Second) }
		play(ctx, "drift", pause, drifts)
	})
})

// rest lets time pass.
func rest(ctx SpecContext, span time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(span):
	}
}

func uids(ctx SpecContext, w objects.Workload) []types.UID {
	var out []types.UID
	for _, pod := range env.Pods(ctx, w) {
		out = append(out, pod.UID)
	}
	return out
}
