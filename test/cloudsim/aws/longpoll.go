// SPDX-License-Identifier: Apache-2.0

package aws

import "time"

// waits is what a long poll waits for.
type waits struct {
	changed <-chan struct{} // closed when there may be something new
	until   time.Time       // it ends then
	again   time.Time       // something old comes back then; zero: nothing does
}

// await waits, without the lock, until another attempt may find something; false: the
// poll is over, or nobody waits for its answer any more.
func (r *request) await() bool {
	w, now := r.waits, r.clock.Now()
	if !r.options.LongPolls || r.gone == nil || !now.Before(w.until) {
		return false
	}
	at := w.until
	if !w.again.IsZero() && w.again.Before(at) {
		at = w.again
	}
	timer := r.clock.NewTimer(at.Sub(now))
	defer timer.Stop()
	select {
	case <-w.changed:
	case <-timer.C():
	case <-r.gone:
	}
	select {
	case <-r.gone: // what is received now would be lost
		return false
	default:
	}
	r.now = r.clock.Now()
	r.agenda.Run(r.now)
	return true
}
