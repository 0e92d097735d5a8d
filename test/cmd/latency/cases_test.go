// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"karpenter.sh/test/internal/timeline"
)

func TestParseCases(t *testing.T) {
	for _, tc := range []struct {
		reason, text string
		want         []Case
	}{
		{"pods at once", "100", []Case{{Name: "100", Pods: 100}}},
		{"pods over a time", "1000-10s", []Case{{Name: "1000-10s", Pods: 1000, Over: 10 * time.Second}}},
		{"spaces and commas part them", " 1, 2-1m,,mixed ", []Case{
			{Name: "1", Pods: 1}, {Name: "2-1m", Pods: 2, Over: time.Minute}, {Name: "mixed", Pods: 160, Mixed: true},
		}},
		{"fractions of a second", "5-0.5s", []Case{{Name: "5-0.5s", Pods: 5, Over: 500 * time.Millisecond}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := parseCases(tc.text)
			if err != nil || !slices.Equal(got, tc.want) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	all, err := parseCases("")
	if err != nil || len(all) != 6 || all[2].Pods != 10_000 || all[4].Over != time.Minute || !all[5].Mixed {
		t.Errorf("without names: %+v, %v", all, err)
	}
}

func TestParseRefusesWithANextStep(t *testing.T) {
	for reason, tc := range map[string]struct{ args, says string }{
		"an unknown word":     {"-cases many", "want a number of pods (1000)"},
		"no pods":             {"-cases 0", "want a number of pods (1000)"},
		"a time without pods": {"-cases 10s", "want a number of pods (1000)"},
		"no time":             {"-cases 10-0s", "want a time between"},
		"too long":            {"-cases 10-61m", "want a time between"},
		"too many":            {"-cases 50001", "at most 50000"},
		"twice":               {"-cases 10,10", "give each once"},
		"without a flag":      {"1000", `-cases "1000"`},
		"no cluster":          {"-kubeconfig=", "make latency"},
		"no patience":         {"-timeout 0s", "positive"},
	} {
		t.Run(reason, func(t *testing.T) {
			args := append([]string{"-kubeconfig", "k"}, strings.Fields(tc.args)...)
			if _, err := parse(args, io.Discard); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%q: %v", tc.args, err)
			}
		})
	}
}

func TestConnectSaysHowToGetACluster(t *testing.T) {
	_, err := connect(t.Context(), options{kubeconfig: t.TempDir() + "/kubeconfig"})
	if err == nil || !strings.Contains(err.Error(), "make up") {
		t.Error(err)
	}
}

func TestHelpExplainsEveryFigure(t *testing.T) {
	var help strings.Builder
	if _, err := parse([]string{"-help"}, &help); err == nil {
		t.Error("asking for help is not a run")
	}
	for _, r := range rows() {
		if r.value != nil && !strings.Contains(help.String(), "  "+r.label+"\n") {
			t.Errorf("help has nothing on %q", r.label)
		}
		if r.value != nil && r.help == "" {
			t.Errorf("%q is not explained", r.label)
		}
	}
}

func TestPodsComeAtASteadyPace(t *testing.T) {
	c := Case{Pods: 1000, Over: 10 * time.Second}
	if c.due(0) != 0 || c.due(1) != 10*time.Millisecond || c.due(500) != 5*time.Second {
		t.Errorf("due after %v, %v, %v", c.due(0), c.due(1), c.due(500))
	}
	if at := (Case{Pods: 1000}).due(999); at != 0 {
		t.Errorf("pods at once: the last one after %v", at)
	}
}

func TestPodsStayOnTheirOwnNodes(t *testing.T) {
	c := Case{Pods: mixedPods, Mixed: true}
	names, kinds := map[string]bool{}, map[string]int{}
	pods := c.pods("now", owners{"spread": {Name: "it"}})
	for _, p := range pods {
		names[p.Name] = true
		kinds[p.Labels["app"]]++
		if p.Spec.NodeSelector["karpenter.sh/nodepool"] != "latency" || p.Labels[timeline.Phase] != "now" || p.Namespace != namespace {
			t.Fatalf("pod %s may go elsewhere: %v, %v", p.Name, p.Spec.NodeSelector, p.Labels)
		}
		if !p.Spec.Tolerations[0].ToleratesTaint(klog.Background(), &corev1.Taint{Key: taint, Effect: corev1.TaintEffectNoSchedule}, false) {
			t.Fatalf("pod %s does not tolerate its nodes", p.Name)
		}
	}
	if len(pods[3].OwnerReferences) != 1 || len(pods[4].OwnerReferences) != 0 {
		t.Error("pods belong to others than the owners of their kind")
	}
	if len(names) != 160 || len(kinds) != 8 || kinds["spread"] != 20 || kinds["apart"] != 20 {
		t.Errorf("%d names; kinds %v", len(names), kinds)
	}
}

// The engine knows the pool and all kinds of pods: a case that nobody could serve
// would end with the time-out only.
func TestPlanServesEveryCase(t *testing.T) {
	for _, c := range []Case{{Name: "100", Pods: 100}, {Name: "mixed", Pods: mixedPods, Mixed: true}} {
		got, err := plan(c)
		if err != nil || got.Nodes == 0 || got.Dollars <= 0 {
			t.Errorf("%s: %+v, %v", c.Name, got, err)
		}
		if c.Mixed && got.Nodes < 20 {
			t.Errorf("%d nodes, where 20 pods keep apart", got.Nodes)
		}
	}
}
