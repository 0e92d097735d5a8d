// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Launched is whether a machine was launched for a NodeClaim.
type Launched int

const (
	// Unknown means that nobody can say yet.
	Unknown Launched = iota
	// No means that none was, and none can appear from what was asked.
	No
	// Yes means that one was.
	Yes
)

// Answer is what is known of the launches for a NodeClaim.
type Answer struct {
	Launched Launched
	// ProviderID of the machine if one was launched. If several were, it is that
	// which the NodeClaim would get.
	ProviderID string
}

// Launched says whether a machine was launched for a NodeClaim. The error says why
// the answer is Unknown if the cloud could not be asked.
func (l *Ledger[M]) Launched(ctx context.Context, uid types.UID) (Answer, error) {
	if answer, known := l.recall(uid); known {
		return answer, nil
	}
	found, at, err := l.find(ctx, uid)
	if err != nil {
		return Answer{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, known := l.entries[uid]
	if !known {
		e = &entry[M]{uid: uid, open: map[string]time.Time{}}
	}
	if _, there := l.adopt(e, found); there {
		return Answer{Launched: Yes, ProviderID: l.cloud.ProviderID(e.machine)}, nil
	}
	l.settle(e, at)
	if e.flight != nil || len(e.open) > 0 || e.answered || l.mayMiss(at, l.start) {
		return Answer{}, nil
	}
	return Answer{Launched: No}, nil
}

// recall answers from memory where that is certain.
func (l *Ledger[M]) recall(uid types.UID) (Answer, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin()
	e, known := l.entries[uid]
	switch {
	case !known:
		return Answer{}, false
	case e.answered:
		return Answer{Launched: Yes, ProviderID: l.cloud.ProviderID(e.machine)}, true
	}
	return Answer{}, e.flight != nil
}

// Claim is what the API server says of a NodeClaim.
type Claim struct {
	// Exists: an object with this UID is there and not deleting.
	Exists bool
	// ProviderID in its status; empty before it is launched.
	ProviderID string
}

// Surplus returns which of the machines that carry a NodeClaim's UID nobody needs:
// all if it is gone; else all but its own. While it has none it gets the one that
// was answered, empty if none was, or the first by provider ID, so that every
// process chooses the same.
func Surplus[M any](found []M, providerID func(M) string, claim Claim, answered string) []M {
	keep := claim.ProviderID
	if keep == "" {
		keep = answered
	}
	for _, m := range found {
		if id := providerID(m); claim.ProviderID == "" && better(id, keep, answered) || keep == "" {
			keep = id
		}
	}
	var out []M
	for _, m := range found {
		if !claim.Exists || providerID(m) != keep {
			out = append(out, m)
		}
	}
	return out
}

// Collect looks again for machines of NodeClaims with a launch that is open or
// that no caller got the answer of, and returns those that nobody needs: the
// caller ends them. They are returned again until a look-up that could not miss them
// does not show them. Read must ask the
// API server, not a cache. All NodeClaims are tried, some at a time so that look-ups
// may share requests; the errors are joined.
func (l *Ledger[M]) Collect(ctx context.Context, read func(ctx context.Context, uid types.UID) (Claim, error)) ([]M, error) {
	uids := l.doubtful()
	found, errs := make([][]M, len(uids)), make([]error, len(uids))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(atOnce, len(uids)) {
		workers.Go(func() {
			for i := range next {
				found[i], errs[i] = guarded(func() ([]M, error) { return l.collect(ctx, uids[i], read) })
			}
		})
	}
	for i := range uids {
		next <- i
	}
	close(next)
	workers.Wait()
	return slices.Concat(found...), errors.Join(errs...)
}

// atOnce is how many NodeClaims are looked at together.
const atOnce = 100

// doubtful lists the NodeClaims that may have a machine which nobody needs, in the
// order of their UIDs.
func (l *Ledger[M]) doubtful() []types.UID {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin()
	var out []types.UID
	for uid, e := range l.entries {
		if e.flight == nil && e.doubtful() {
			out = append(out, uid)
		}
	}
	slices.Sort(out)
	return out
}

func (e *entry[M]) doubtful() bool {
	return len(e.open) > 0 || len(e.doomed) > 0 || e.answered && !e.delivered
}

// collect looks at one NodeClaim: first at the cloud, then at the API server, so
// that a machine seen is not one whose NodeClaim is yet to be seen.
func (l *Ledger[M]) collect(ctx context.Context, uid types.UID, read func(ctx context.Context, uid types.UID) (Claim, error)) ([]M, error) {
	found, at, err := l.find(ctx, uid)
	if err != nil {
		return nil, err
	}
	claim, err := read(ctx, uid)
	if err != nil {
		return nil, fmt.Errorf("reading NodeClaim UID %s: %w", uid, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, known := l.entries[uid]
	if !known || e.flight != nil {
		return nil, nil // a launch has begun: it decides
	}
	found, answered := l.withAnswered(e, found, at)
	earlier, others := l.stillDoomed(e, found, claim, at)
	surplus := Surplus(others, l.cloud.ProviderID, claim, answered)
	l.doom(e, surplus, at)
	l.settle(e, at)
	if claim.Exists { // what is kept is there for the next launch, without another look
		l.adopt(e, found)
		e.delivered = e.delivered || claim.ProviderID != ""
	}
	if !claim.Exists && !e.answered && e.void() {
		delete(l.entries, uid)
	}
	return append(earlier, surplus...), nil
}

// withAnswered adds the machine that was answered lately to those found by a
// look-up, and returns its provider ID; one that could be seen and is not is gone. mu
// is held.
func (l *Ledger[M]) withAnswered(e *entry[M], found []M, lookedUp time.Time) ([]M, string) {
	if !e.answered {
		return found, ""
	}
	id := l.cloud.ProviderID(e.machine)
	for _, m := range found {
		if l.cloud.ProviderID(m) == id {
			return found, id
		}
	}
	if l.mayMiss(lookedUp, e.at) {
		return append(found, e.machine), id
	}
	return found, ""
}

// stillDoomed returns those given out earlier that may not be gone, and the other
// machines found. Those that are gone are forgotten, and so is one that the NodeClaim
// turns out to have; mu is held.
func (l *Ledger[M]) stillDoomed(e *entry[M], found []M, claim Claim, lookedUp time.Time) (earlier, others []M) {
	there := make(map[string]bool, len(found))
	for _, m := range found {
		id := l.cloud.ProviderID(m)
		there[id] = true
		if _, over := e.doomed[id]; !over || claim.Exists && id == claim.ProviderID {
			others = append(others, m)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.doomed)) {
		d := e.doomed[id]
		if claim.Exists && id == claim.ProviderID || !there[id] && !l.mayMiss(lookedUp, d.since) {
			delete(e.doomed, id)
			e.lost++ // its token is spent
			continue
		}
		earlier = append(earlier, d.machine)
	}
	return earlier, others
}

// doom notes what is given out to be ended; mu is held.
func (l *Ledger[M]) doom(e *entry[M], surplus []M, lookedUp time.Time) {
	for _, m := range surplus {
		id := l.cloud.ProviderID(m)
		e.doomed[id] = doomed[M]{machine: m, since: lookedUp}
		if e.answered && id == l.cloud.ProviderID(e.machine) {
			e.answered = false
		}
	}
}
