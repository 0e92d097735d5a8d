// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
)

// stuck are the pods of one class that wait and fit nowhere.
type stuck struct {
	text, gist string
	pods       []*corev1.Pod
}

// reportUnplaced tells about pods that fit nowhere. Pods on nodes that are going
// away run; they are told when they wait.
func (p *Provisioner) reportUnplaced(ctx context.Context, g *gathered, unplaced []place.Unplaced) {
	var order []*stuck
	classes := map[*model.Class]*stuck{}
	for i := range unplaced {
		pod, class := g.Pods[unplaced[i].Pod], g.Models[unplaced[i].Pod].Class
		p.Cluster.Decisions.Failed(pod)
		if pod.Spec.NodeName != "" {
			continue
		}
		of := classes[class]
		if of == nil || class.VolumeConflict { // the claims are the pod's own
			list := g.withUnusable(class, unplaced[i].Why)
			text, gist := list.String()+p.usedUp(g, class, list), list.Gist()
			if of == nil {
				of = &stuck{text: text, gist: gist}
				classes[class] = of
				order = append(order, of)
			}
			p.notices.failed(pod, text, gist)
		} else {
			p.notices.failed(pod, of.text, of.gist)
		}
		of.pods = append(of.pods, pod)
	}
	for _, of := range order {
		p.logStuck(ctx, of)
	}
}

// logStuck writes one record about the pods of a class, when something about one of
// them is news (SCH-229, OPS-286).
func (p *Provisioner) logStuck(ctx context.Context, of *stuck) {
	due := false
	names := make([]string, len(of.pods))
	for i, pod := range of.pods {
		names[i] = pod.Namespace + "/" + pod.Name
		due = p.news.Tell(string(pod.UID), of.gist, p.Clock.Now()) || due
	}
	if !due {
		return
	}
	logger := log.FromContext(ctx)
	if len(names) > 1 {
		logger = logger.WithValues("Pods", reason.Shorten(names, shown), "pod-count", len(names))
	}
	logger.Error(errors.New(of.text), "could not schedule pod", "Pod", client.ObjectKeyFromObject(of.pods[0]))
}

// withUnusable adds the pools that take no part in the round to the reasons of a
// class, if these are about pools at all.
func (g *gathered) withUnusable(class *model.Class, why reason.List) reason.List {
	if len(why) > 0 && why[0].Pool == "" {
		return why
	}
	out := slices.Clone(why)
	wanted := class.Attempts[len(class.Attempts)-1].Plain
	for _, u := range g.unusable {
		r := u.why
		r.Apart = g.Cluster.Compiler().Apart(u.nodePool, wanted)
		out = append(out, r)
	}
	return out
}
