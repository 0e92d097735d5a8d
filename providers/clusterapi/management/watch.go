// SPDX-License-Identifier: Apache-2.0

package management

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"

	"karpenter.sh/providers/clusterapi/capi"
)

const (
	// lookEvery is how often the cluster is asked for its versions.
	lookEvery = 10 * time.Second
	// lookFor is how long an answer may take.
	lookFor = 5 * time.Second
	// patience is how long no answer is taken for an accident: a restart of an API server
	// must not make NodePools unready.
	patience = 30 * time.Second
)

var (
	// ErrUnavailable says that the management cluster cannot be asked.
	ErrUnavailable = errors.New("the management cluster is not available")
	// ErrFilling says that the objects of the management cluster are still being read for the
	// first time. After half a minute that is ErrUnavailable.
	ErrFilling = errors.New("the objects of the management cluster are still being read")
	// ErrVersion says that the version which is spoken is not served.
	ErrVersion = errors.New("the management cluster does not serve the version of Cluster API that is spoken")
	// ErrOutdated says that the kubeconfig file has changed.
	ErrOutdated = errors.New("the kubeconfig file of the management cluster has changed: the next start reads it")
)

// watch knows whether the cluster answers.
type watch struct {
	opts   Options
	client rest.Interface
	// began is when the cluster was opened.
	began time.Time
	// synced says that the cache was filled once.
	synced atomic.Bool

	mu sync.Mutex
	// answered is when it did last; zero if it never did.
	answered time.Time
	// err is why it did not when it was asked last; nil if it did.
	err error
}

func newWatch(o Options) (*watch, error) {
	client, err := newAsker(o.Config)
	return &watch{opts: o, client: client, began: o.Clock.Now()}, err
}

// first is the version to speak: the newest if the cluster does not say.
func (w *watch) first(ctx context.Context) string {
	served, err := w.look(ctx)
	w.note(err)
	if err != nil {
		return capi.Versions()[0]
	}
	return served.choice
}

// run asks again and again. It tells when the answer is another than before.
func (w *watch) run(ctx context.Context, version string, tell func()) error {
	ticker := w.opts.Clock.NewTicker(lookEvery)
	defer ticker.Stop()
	for was := w.reachable(); ; {
		if w.opts.Outdated != nil && w.opts.Outdated() {
			return ErrOutdated
		}
		served, err := w.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil && !served.has(version) {
			return fmt.Errorf("%w: %s, but %v: the next start speaks %s", ErrVersion, version, served.versions, served.choice)
		}
		w.note(err)
		if is := w.reachable(); (is == nil) != (was == nil) {
			was = is
			tell()
		}
		select {
		case <-ticker.C():
		case <-ctx.Done():
			return nil
		}
	}
}

// look asks which versions are served.
func (w *watch) look(ctx context.Context) (served, error) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	return ask(ctx, w.client)
}

// note keeps an answer, and logs when it differs from the one before.
func (w *watch) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil && w.err != nil:
		w.opts.Log.Info("the management cluster answers again")
	case err != nil && w.err == nil:
		w.opts.Log.Error(err, "the management cluster does not answer")
	}
	if w.err = err; err == nil {
		w.answered = w.opts.Clock.Now()
	}
}

// reachable returns nil while the cluster answers, or did a moment ago.
func (w *watch) reachable() error {
	if err := w.filled(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil && w.opts.Clock.Since(w.answered) >= patience {
		return fmt.Errorf("%w: %w", ErrUnavailable, w.err)
	}
	return nil
}

// filled returns why the cache is not; nil once it was.
func (w *watch) filled() error {
	if w.synced.Load() {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return fmt.Errorf("%w: %w", ErrUnavailable, w.err)
	case w.opts.Clock.Since(w.began) >= patience:
		return fmt.Errorf("%w: its objects could not be read yet", ErrUnavailable)
	}
	return ErrFilling
}
