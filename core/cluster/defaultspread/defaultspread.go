// SPDX-License-Identifier: Apache-2.0

package defaultspread

import (
	"context"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/intake"
)

// Source knows the default constraints and where to look things up.
type Source struct {
	constraints []corev1.TopologySpreadConstraint
	reader      client.Reader
}

// New returns a Source; a reader that caches is asked for no kind before a pod
// needs it.
func New(constraints []corev1.TopologySpreadConstraint, reader client.Reader) *Source {
	return &Source{constraints: constraints, reader: reader}
}

// Pass begins a simulation (SCH-171). The result is nil without default
// constraints; it is for one goroutine, and the cluster may change as it likes
// once a namespace or a controller was read.
func (s *Source) Pass(ctx context.Context) intake.DefaultSpread {
	if s == nil || len(s.constraints) == 0 {
		return nil
	}
	p := &pass{
		lookup:      lookup{s.reader},
		constraints: s.constraints,
		services:    map[string][]map[string]string{},
		controllers: map[types.UID]controller{},
		known:       map[string][]corev1.TopologySpreadConstraint{},
	}
	return func(pod *corev1.Pod) []corev1.TopologySpreadConstraint { return p.of(ctx, pod) }
}

// pass is what one simulation has looked up.
type pass struct {
	lookup
	constraints []corev1.TopologySpreadConstraint
	services    map[string][]map[string]string // by namespace
	controllers map[types.UID]controller
	known       map[string][]corev1.TopologySpreadConstraint // by what pods share
}

func (p *pass) of(ctx context.Context, pod *corev1.Pod) []corev1.TopologySpreadConstraint {
	owner := controllerOf(pod)
	key := shared(pod, owner.UID)
	if known, ok := p.known[key]; ok {
		return known
	}
	c := p.controller(ctx, pod.Namespace, owner)
	spread := intake.SpreadOf(p.constraints, pod, intake.Siblings{
		Services: p.servicesOf(ctx, pod.Namespace), Replicated: c.labels, Controlled: c.selector,
	})
	p.known[key] = spread
	return spread
}

// shared is equal for pods that get the same answer.
func shared(pod *corev1.Pod, owner types.UID) string {
	var b strings.Builder
	b.WriteString(pod.Namespace + "\x00" + string(owner))
	for _, key := range slices.Sorted(maps.Keys(pod.Labels)) {
		b.WriteString("\x00" + key + "\x00" + pod.Labels[key])
	}
	return b.String()
}

func (p *pass) servicesOf(ctx context.Context, namespace string) []map[string]string {
	known, ok := p.services[namespace]
	if !ok {
		known = p.readServices(ctx, namespace)
		p.services[namespace] = known
	}
	return known
}

func (p *pass) controller(ctx context.Context, namespace string, owner owner) controller {
	known, ok := p.controllers[owner.UID]
	if !ok {
		known = p.readController(ctx, namespace, owner)
		p.controllers[owner.UID] = known
	}
	return known
}
