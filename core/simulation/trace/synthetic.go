// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

const (
	mib = 1 << 20
	gib = 1 << 30
	day = 24 * time.Hour
)

// never is after the end of any trace.
const never = time.Duration(math.MaxInt64)

// dice are the chances of one workload: the same seed and purpose give the same.
func dice(seed, purpose uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, purpose)) }

// Purposes of dice.
const (
	forFixed uint64 = iota + 1
	forSmall
	forServices
	forBursts
	forDaily
)

// Fixed is a number of pods that run for a day and never change. A third of the
// applications is spread over zones.
func Fixed(seed uint64, pods int) *Trace {
	b, rnd := &builder{Trace{Length: day}}, dice(seed, forFixed)
	shapes := services(rnd, "app", max(1, pods/50))
	for i := range pods {
		b.slot(shapes[i%len(shapes)], 0, never)
	}
	return b.build()
}

// services are shapes of ordinary applications; a third of them is spread over
// zones.
func services(rnd *rand.Rand, prefix string, n int) []*Shape {
	out := make([]*Shape, n)
	for i := range out {
		out[i] = &Shape{
			App:    fmt.Sprintf("%s-%d", prefix, i),
			CPU:    []int64{100, 250, 250, 500, 500, 1000, 2000}[rnd.IntN(7)],
			Memory: []int64{256, 512, 1024, 1024, 2048, 4096}[rnd.IntN(6)] * mib,
		}
		if i%3 == 0 {
			out[i].ZoneSkew = 1
		}
	}
	return out
}

// Small is a cluster of 8 to 20 nodes for a day: four applications spread over
// zones, whose budgets let one pod go at a time and whose requests are set anew
// every 30 minutes, pod by pod.
func Small(seed uint64) *Trace {
	b, rnd := &builder{Trace{Length: day, MaxUnavailable: map[string]int{}}}, dice(seed, forSmall)
	for app := range 4 {
		name := fmt.Sprintf("app-%d", app)
		b.MaxUnavailable[name] = 1
		base := int64(300 + 100*rnd.IntN(8))
		first, replicas := b.Slots, 6+rnd.IntN(7)
		for range replicas {
			b.slot(resized(rnd, name, base), 0, never)
		}
		for at := 30*time.Minute + time.Duration(app)*time.Minute; at < b.Length; at += 30 * time.Minute {
			shape := resized(rnd, name, base)
			for i := range replicas {
				b.change(at+time.Duration(i)*20*time.Second, first+i, shape)
			}
		}
	}
	return b.build()
}

// resized is an application whose requests are within a third of a base.
func resized(rnd *rand.Rand, app string, base int64) *Shape {
	cpu := base * int64(67+rnd.IntN(67)) / 100
	return &Shape{App: app, CPU: cpu, Memory: cpu * int64(2+rnd.IntN(3)) * mib, ZoneSkew: 1}
}

// Services are pods that run for a day, of which a few come and go: every
// application is scaled by up to a fifth now and then.
func Services(seed uint64, pods int) *Trace {
	b, rnd := &builder{Trace{Length: day, MaxUnavailable: map[string]int{}}}, dice(seed, forServices)
	shapes := services(rnd, "service", max(1, pods/25))
	for i := range pods {
		shape := shapes[i%len(shapes)]
		b.MaxUnavailable[shape.App] = 3
		if i%5 > 0 {
			b.slot(shape, 0, never)
			continue
		}
		for at := time.Duration(0); at < b.Length; {
			up := time.Duration(1+rnd.IntN(6)) * time.Hour
			b.slot(shape, at, at+up)
			at += up + time.Duration(rnd.IntN(120))*time.Minute
		}
	}
	return b.build()
}

// Bursts are batch jobs that come many at a time, once an hour or so, and run for
// minutes to hours, beside a few services.
func Bursts(seed uint64) *Trace {
	b, rnd := &builder{Trace{Length: day}}, dice(seed, forBursts)
	for i, shape := range services(rnd, "service", 20) {
		for range 2 + i%3 {
			b.slot(shape, 0, never)
		}
	}
	job := 0
	for at := 10 * time.Minute; at < b.Length; at += time.Duration(20+rnd.IntN(80)) * time.Minute {
		cpu := []int64{500, 1000, 2000, 4000}[rnd.IntN(4)]
		shape := &Shape{App: fmt.Sprintf("job-%d", job), CPU: cpu, Memory: cpu / 1000 * int64(1+rnd.IntN(6)) * gib}
		shape.Memory = max(shape.Memory, gib)
		job++
		mean := float64(5+rnd.IntN(55)) * float64(time.Minute)
		for range 50 + rnd.IntN(350) {
			start := at + time.Duration(rnd.IntN(60))*time.Second
			b.slot(shape, start, start+time.Minute+time.Duration(rnd.ExpFloat64()*mean))
		}
	}
	return b.build()
}

// Daily are services that follow the day: between a third of the pods at night and
// all of them at noon, scaled every five minutes.
func Daily(seed uint64, pods int) *Trace {
	b, rnd := &builder{Trace{Length: day}}, dice(seed, forDaily)
	shapes := services(rnd, "service", max(1, pods/50))
	var running []int
	for range pods {
		b.Slots++
	}
	for at := time.Duration(0); at < b.Length; at += 5 * time.Minute {
		share := 2.0/3 - math.Cos(2*math.Pi*at.Hours()/24)/3
		wanted := int(share * float64(pods))
		for len(running) < wanted {
			slot := len(running)
			b.change(at, slot, shapes[slot%len(shapes)])
			running = append(running, slot)
		}
		for len(running) > wanted {
			slot := len(running) - 1
			b.change(at+time.Duration(rnd.IntN(60))*time.Second, slot, nil)
			running = running[:slot]
		}
	}
	return b.build()
}
