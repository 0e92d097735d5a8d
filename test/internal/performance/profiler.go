// SPDX-License-Identifier: Apache-2.0

package performance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"karpenter.sh/test/internal/scrape"
)

// stretch is how long a CPU profile takes (OPS-264).
const stretch = 20 * time.Second

// Profiler takes profiles of the controller until it is stopped, and keeps those of the
// moments when it had most memory and when it kept most processors busy.
type Profiler struct {
	cancel context.CancelFunc
	done   chan struct{}

	root     string
	heap     []byte
	cpu      []byte
	memory   float64
	cores    float64
	problems error
}

// Profile begins to take profiles of the controller with this root of its metrics
// listener, which has to serve them.
func Profile(ctx context.Context, root string) *Profiler {
	ctx, cancel := context.WithCancel(ctx)
	p := &Profiler{cancel: cancel, done: make(chan struct{}), root: strings.TrimSuffix(root, "/")}
	go func() {
		defer close(p.done)
		for ctx.Err() == nil {
			p.problems = p.round(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}()
	return p
}

// Write ends it, and puts the profiles into the directory as <prefix>_heap.pprof and
// <prefix>_cpu.pprof. A phase that was shorter than a profile takes has none of the
// processors. Call it once.
func (p *Profiler) Write(dir, prefix string) error {
	p.cancel()
	<-p.done
	if len(p.heap) == 0 {
		return fmt.Errorf("take profiles: %w", errors.Join(p.problems, errors.New("there is none of memory")))
	}
	err := write(dir, prefix+"_heap.pprof", p.heap)
	if len(p.cpu) > 0 {
		err = errors.Join(err, write(dir, prefix+"_cpu.pprof", p.cpu))
	}
	return err
}

// round takes one profile of the processors, and of memory if that has grown.
func (p *Profiler) round(ctx context.Context) error {
	before, err := scrape.Fetch(ctx, p.root)
	if err != nil {
		return err
	}
	if now, _ := before.Sum("process_resident_memory_bytes", nil); now > p.memory {
		heap, err := p.fetch(ctx, "heap")
		if err != nil {
			return err
		}
		p.heap, p.memory = heap, now
	}
	cpu, err := p.fetch(ctx, fmt.Sprintf("profile?seconds=%d", int(stretch.Seconds())))
	if err != nil {
		return err
	}
	after, err := scrape.Fetch(ctx, p.root)
	if err != nil {
		return err
	}
	if used, ok := scrape.UsageBetween(before, after); ok && used.Cores() > p.cores {
		p.cpu, p.cores = cpu, used.Cores()
	}
	return nil
}

func (p *Profiler) fetch(ctx context.Context, what string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.root+"/debug/pprof/"+what, nil)
	if err != nil {
		return nil, fmt.Errorf("take a profile: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("take a profile: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("take a profile: the controller answers %s", response.Status)
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("take a profile: %w", err)
	}
	return content, nil
}
