// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider/kit/ledger"
)

// KIT-071, KIT-073, KIT-074, KIT-078: over random histories with lost responses,
// late machines, impatient callers, lost status writes, deleted NodeClaims and
// restarts, no NodeClaim loses its machine, and in the end each has exactly one.
func TestHistories(t *testing.T) {
	for seed := range int64(150) {
		synctest.Test(t, func(t *testing.T) {
			h := &history{random: rand.New(rand.NewSource(seed)), cloud: newCloud(seed%2 == 0), claims: map[types.UID]ledger.Claim{}}
			h.ledger = newLedger(h.cloud)
			for range 80 {
				h.step(t)
			}
			h.settle(t)
			if t.Failed() {
				t.Logf("seed %d", seed)
			}
		})
	}
}

type history struct {
	random *rand.Rand
	cloud  *cloud
	ledger *ledger.Ledger[machine]
	claims map[types.UID]ledger.Claim // what the API server has
}

func (h *history) step(t *testing.T) {
	switch uid := types.UID(fmt.Sprint("u", h.random.Intn(4))); h.random.Intn(12) {
	case 0:
		h.restart()
	case 1:
		if claim, known := h.claims[uid]; known && h.random.Intn(2) == 0 {
			h.claims[uid] = ledger.Claim{ProviderID: claim.ProviderID}
		}
	case 2, 3:
		time.Sleep(time.Duration(h.random.Int63n(int64(appears))))
	case 4, 5:
		h.collect(t)
	default:
		if _, known := h.claims[uid]; !known {
			h.claims[uid] = ledger.Claim{Exists: true}
		}
		h.create(t, uid, fate(h.random.Intn(int(exits)+3)))
	}
}

// create is a reconcile of a NodeClaim: it launches, and writes its status unless
// the process dies in between.
func (h *history) create(t *testing.T, uid types.UID, next fate) {
	claim := h.claims[uid]
	if !claim.Exists || claim.ProviderID != "" {
		return
	}
	takes := time.Duration(h.random.Intn(3)) * 700 * time.Millisecond // the longest outlasts the caller
	h.cloud.set(func(c *cloud) {
		c.takes, c.fates = takes, nil
		if next <= exits {
			c.fates = []fate{next}
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	m, err := launch(ctx, h.ledger, h.cloud, uid, fmt.Sprint(h.random.Intn(2)))
	switch {
	case err != nil:
	case h.random.Intn(4) == 0:
		h.restart() // before the status is written
	default:
		h.claims[uid] = ledger.Claim{Exists: true, ProviderID: m.id}
	}
}

// restart ends the process, launches under way and all.
func (h *history) restart() {
	dead, cancel := context.WithCancel(context.Background())
	cancel()
	h.ledger.Close(dead)
	h.ledger = newLedger(h.cloud)
}

func (h *history) read(_ context.Context, uid types.UID) (ledger.Claim, error) {
	return h.claims[uid], nil
}

// collect ends what the ledger hands out, or fails to.
func (h *history) collect(t *testing.T) {
	surplus, err := h.ledger.Collect(t.Context(), h.read)
	if err != nil {
		t.Error(err)
	}
	for _, m := range surplus {
		if claim := h.claims[m.uid]; claim.Exists && claim.ProviderID == m.id {
			t.Errorf("%s of a NodeClaim is to be ended", m.id)
		}
		if h.random.Intn(3) > 0 {
			h.cloud.end(m.id)
		}
	}
}

// settle lets the cloud recover, all launches be retried, and the collector of
// machines without a NodeClaim (CP-117) run.
func (h *history) settle(t *testing.T) {
	h.cloud.set(func(c *cloud) { c.takes, c.fates = 0, nil })
	for range 6 {
		time.Sleep(2 * appears)
		for uid := range h.claims {
			for h.claims[uid].Exists && h.claims[uid].ProviderID == "" {
				m, err := launch(t.Context(), h.ledger, h.cloud, uid, "0")
				if err == nil {
					h.claims[uid] = ledger.Claim{Exists: true, ProviderID: m.id}
				} else if !errors.Is(err, ledger.ErrOpen) {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
			}
		}
		time.Sleep(2 * appears)
		h.collect(t)
		h.collectOrphans()
	}
	for uid, claim := range h.claims {
		live := h.cloud.live(uid)
		switch {
		case !claim.Exists && len(live) > 0:
			t.Errorf("NodeClaim %s is gone, and %v is not", uid, live)
		case claim.Exists && (len(live) != 1 || live[0].id != claim.ProviderID):
			t.Errorf("NodeClaim %s has %s, the cloud %v", uid, claim.ProviderID, live)
		}
	}
	h.ledger.Close(t.Context())
}

func (h *history) collectOrphans() {
	var machines []machine
	h.cloud.set(func(c *cloud) { machines = slices.Clone(c.machines) })
	for _, m := range machines {
		claim := h.claims[m.uid]
		if unlaunched := claim.Exists && claim.ProviderID == ""; !unlaunched && (!claim.Exists || claim.ProviderID != m.id) {
			h.cloud.end(m.id)
		}
	}
}
