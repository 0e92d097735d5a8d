// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"fmt"
	"sync"

	"github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// Turnover follows the NodeClaims of one pool while nodes are given up.
type Turnover struct {
	mu     sync.Mutex
	claims map[types.UID]stand
	tally  Tally
	err    error
}

// Tally is what a [Turnover] has seen.
type Tally struct {
	// Came is how many NodeClaims were created.
	Came int
	// Disrupted is how many were being given up at one time at most (DIS-049).
	Disrupted int
	// Serving is how many were in service at one time at least, and not asked to go.
	Serving int
}

// stand is how a NodeClaim is.
type stand struct{ serving, disrupted bool }

// NewTurnover starts with the NodeClaims as they are.
func NewTurnover(claims []v1.NodeClaim) *Turnover {
	t := &Turnover{claims: map[types.UID]stand{}}
	for i := range claims {
		t.claims[claims[i].UID] = standOf(&claims[i])
	}
	serving, disrupted := t.count()
	t.tally = Tally{Serving: serving, Disrupted: disrupted}
	return t
}

// WatchTurnover follows a pool until ctx ends.
func (e *Environment) WatchTurnover(ctx context.Context, pool *v1.NodePool) *Turnover {
	var list v1.NodeClaimList
	gomega.ExpectWithOffset(1, e.List(ctx, &list, ofPool(pool))).To(gomega.Succeed())
	since := &client.ListOptions{}
	since.ApplyOptions([]client.ListOption{ofPool(pool)}).Raw = resumeAt(list.ResourceVersion)
	stream, err := e.WithWatch.Watch(ctx, &v1.NodeClaimList{}, since)
	gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	t := NewTurnover(list.Items)
	go follow(ctx, stream, t.Observe, t.fail)
	return t
}

// Observe takes one change into account.
func (t *Turnover) Observe(event watch.Event) {
	claim, ok := event.Object.(*v1.NodeClaim)
	if !ok {
		t.fail(fmt.Errorf("the watch brought %s: %v", event.Type, event.Object))
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.claims[claim.UID]; !known && event.Type == watch.Added {
		t.tally.Came++
	}
	t.claims[claim.UID] = standOf(claim)
	if event.Type == watch.Deleted {
		delete(t.claims, claim.UID)
	}
	serving, disrupted := t.count()
	t.tally.Serving = min(t.tally.Serving, serving)
	t.tally.Disrupted = max(t.tally.Disrupted, disrupted)
}

// Tally returns what was seen, and an error if changes may have been missed.
func (t *Turnover) Tally() (Tally, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tally, t.err
}

func (t *Turnover) count() (serving, disrupted int) {
	for _, s := range t.claims {
		if s.serving {
			serving++
		}
		if s.disrupted {
			disrupted++
		}
	}
	return serving, disrupted
}

// standOf has a NodeClaim under disruption from its mark to the end of its instance.
func standOf(c *v1.NodeClaim) stand {
	holds := func(kind string) bool {
		found, ok := conditionOf(c, kind)
		return ok && found.IsTrue()
	}
	goes := c.DeletionTimestamp != nil
	return stand{
		serving:   holds(v1.ConditionTypeInitialized) && !goes,
		disrupted: (goes || holds(v1.ConditionTypeDisruptionReason)) && !holds(v1.ConditionTypeInstanceTerminating),
	}
}

func (t *Turnover) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
}
