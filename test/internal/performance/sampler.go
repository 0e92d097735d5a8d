// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"karpenter.sh/test/internal/scrape"
)

// Used is what the controller used in a phase.
type Used struct {
	// MemoryP95MB is the 95th percentile of its resident memory, in MiB.
	MemoryP95MB float64 `json:"memory_p95_mb"`
	// CPUCores is the mean number of processors that it kept busy.
	CPUCores float64 `json:"cpu_cores"`
}

// ErrRestarted is the answer if the controller did not live through the phase, or does
// not report on its process.
var ErrRestarted = errors.New("the controller restarted in this phase, or does not report on its process")

// Period is how often the controller is asked (OPS-279).
const Period = 5 * time.Second

// Sampler asks the controller again and again what it uses, until it is stopped.
type Sampler struct {
	cancel context.CancelFunc
	result chan outcome
}

type outcome struct {
	samples []Moment
	err     error
}

// Moment is what the controller said of its process at one time.
type Moment struct {
	At time.Time
	// Worked is processor time since its start, Memory what is resident, in bytes.
	Worked time.Duration
	Memory float64
}

// Sample begins to ask the controller with this root of its metrics listener, every
// period.
func Sample(ctx context.Context, root string, period time.Duration) *Sampler {
	ctx, cancel := context.WithCancel(ctx)
	s := &Sampler{cancel: cancel, result: make(chan outcome, 1)}
	go func() {
		samples, err := sample(ctx, root, period)
		s.result <- outcome{samples, err}
	}()
	return s
}

// Stop asks once more, and says what was used. Call it once.
func (s *Sampler) Stop() (Used, error) {
	s.cancel()
	out := <-s.result
	if out.err != nil {
		return Used{}, out.err
	}
	return Of(out.samples)
}

// sample asks until the context ends, and once after. An answer that does not come
// in between is passed over.
func sample(ctx context.Context, root string, period time.Duration) ([]Moment, error) {
	last := context.WithoutCancel(ctx)
	first, err := ask(last, root)
	if err != nil {
		return nil, err
	}
	samples := []Moment{first}
	ticks := time.NewTicker(period)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			end, err := ask(last, root)
			return append(samples, end), err
		case <-ticks.C:
			if s, err := ask(ctx, root); err == nil {
				samples = append(samples, s)
			}
		}
	}
}

// ask keeps of an answer what counts: with hundreds of nodes the whole is megabytes.
func ask(ctx context.Context, root string) (Moment, error) {
	answer, err := scrape.Fetch(ctx, root)
	if err != nil {
		return Moment{}, err
	}
	seconds, worked := answer.Sum("process_cpu_seconds_total", nil)
	memory, resident := answer.Sum("process_resident_memory_bytes", nil)
	if !worked || !resident {
		return Moment{}, ErrRestarted
	}
	return Moment{At: answer.At, Worked: time.Duration(seconds * float64(time.Second)), Memory: memory}, nil
}

// Of sums up moments of one process, one or more, oldest first.
func Of(moments []Moment) (Used, error) {
	memory := make([]float64, len(moments))
	for i, m := range moments {
		if m.Worked < moments[max(0, i-1)].Worked {
			return Used{}, ErrRestarted
		}
		memory[i] = m.Memory
	}
	first, last := moments[0], moments[len(moments)-1]
	whole := scrape.Usage{CPU: last.Worked - first.Worked, Elapsed: last.At.Sub(first.At)}
	return Used{MemoryP95MB: percentile(memory, 0.95) / (1 << 20), CPUCores: whole.Cores()}, nil
}

// percentile is the smallest value that a share of them does not exceed.
func percentile(values []float64, share float64) float64 {
	slices.Sort(values)
	return values[int(math.Ceil(share*float64(len(values))))-1]
}
