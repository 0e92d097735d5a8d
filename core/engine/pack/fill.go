// SPDX-License-Identifier: Apache-2.0

package pack

// fill loads the trial with a machine: again and again the item that is worth
// most and lies most in the direction of what room is left, so that no resource
// runs out long before the others. It reports whether what the machine is bought
// for is in it.
func (s *packer) fill(machine int) bool {
	if !s.begin(machine) {
		return false
	}
	s.complete()
	return s.trial.items > 0 || s.subject.seed >= 0
}

// begin loads the trial with a machine for the subject and nothing else; false if
// that does not fit.
func (s *packer) begin(machine int) bool {
	t := &s.trial
	clear(t.count)
	s.order = s.order[:0]
	*t = loading{machine: machine, state: s.subject.at, count: t.count}
	if !fits(s.subject.used, s.rooms[machine]) {
		return false
	}
	for k, n := range s.rooms[machine] {
		s.room[k] = n - s.subject.used[k]
	}
	s.admit()
	return true
}

// complete adds items to the trial until none fits.
func (s *packer) complete() {
	for i := s.choose(); i >= 0; i = s.choose() {
		s.put(i)
	}
}

// admit says who may join first: the group itself, or whoever gets along with
// the seed.
func (s *packer) admit() {
	if s.subject.seed >= 0 {
		s.mingle()
		return
	}
	clear(s.shares)
	s.shares[s.subject.group] = true
}

// choose returns the item to add next, -1 if none fits.
func (s *packer) choose() int {
	s.point(s.ahead, s.room)
	s.steps += len(s.open)
	best, score := -1, -1.0
	for _, i := range s.open {
		it := &s.items[i]
		if it.left <= int(s.trial.count[i]) || !s.shares[it.group] || !fits(it.requests, s.room) {
			continue
		}
		if x := it.value * likeness(it.direction, s.ahead); x > score {
			best, score = i, x
		}
	}
	return best
}

func fits(requests, room []int64) bool {
	for k, n := range requests {
		if n > room[k] {
			return false
		}
	}
	return true
}

// likeness is how much two unit vectors point the same way: the cosine to the
// 128th power, so that a deviation of 10 degrees counts as 7 times worse.
func likeness(a, b []float64) float64 {
	x := 0.0
	for k := range a {
		x += a[k] * b[k]
	}
	x *= x
	x *= x
	x *= x
	x *= x
	x *= x
	x *= x
	return x * x
}

// put adds an item to the trial. Another group's item narrows what the machine
// may be, and with it who else may join.
func (s *packer) put(i int) {
	t, it := &s.trial, &s.items[i]
	first := t.items == 0
	t.count[i]++
	s.order = append(s.order, i)
	t.items++
	t.value += it.value
	for k, n := range it.requests {
		s.room[k] -= n
	}
	if to, _ := s.problem.Space.Join(t.state, it.group); first || to != t.state {
		t.state = to
		s.mingle()
	}
}

// mingle finds the groups that may join the trial at the price it has.
func (s *packer) mingle() {
	t := &s.trial
	for g := range s.shares {
		s.shares[g] = false
		if s.left[g] == 0 {
			continue
		}
		if to, ok := s.problem.Space.Join(t.state, g); ok {
			s.shares[g] = to == t.state || s.problem.Space.Price(to, t.machine) <= s.price[t.machine]
		}
	}
}
