// SPDX-License-Identifier: Apache-2.0

package launchtemplate

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// deletions is how many templates are deleted at a time.
const deletions = 5

// Start sweeps until ctx ends, after it has learned of the templates of former leaders.
// It is a part of the leader's work (AWS-262).
func (t *Templates) Start(ctx context.Context) error {
	if err := t.Hydrate(ctx); err != nil {
		t.opts.Failed(err)
	}
	ticker := t.opts.Clock.NewTicker(t.opts.TTL / 6)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C():
			if err := t.Sweep(ctx); err != nil {
				t.opts.Failed(err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// Hydrate learns of all templates of the cluster, so that none has to be looked up,
// and each is deleted when nobody uses it. What was read before a failure is kept.
func (t *Templates) Hydrate(ctx context.Context) error {
	err := t.each(ctx, func(lt types.LaunchTemplate) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if name := aws.ToString(lt.LaunchTemplateName); t.entries[name] == nil {
			t.entries[name] = &entry{expires: t.opts.Clock.Now().Add(t.opts.TTL)}
		}
	}, t.ofCluster())
	if err != nil {
		return fmt.Errorf("listing the launch templates of cluster %s: %w", t.opts.Cluster, err)
	}
	return nil
}

// Sweep deletes the templates that have expired (AWS-262). One that cannot be deleted
// is tried again later, and ever later, so that it neither stays in the account for
// good nor costs many calls (improves on common practice). The error names all of them.
func (t *Templates) Sweep(ctx context.Context) error {
	var failures failures
	slots := make(chan struct{}, deletions)
	var ends []chan struct{}
	for name, e := range t.expired() {
		slots <- struct{}{}
		if end := t.expire(ctx, name, e, func(err error) { failures.add(err); <-slots }); end != nil {
			ends = append(ends, end)
		} else {
			<-slots
		}
	}
	for _, end := range ends {
		<-end
	}
	return failures.join()
}

// expire deletes a template unless somebody has begun to use it; then it returns nil,
// else what is closed in the end.
func (t *Templates) expire(ctx context.Context, name string, e *entry, tell func(error)) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.idle(e) || t.closed || t.entries[name] != e {
		return nil
	}
	t.begin(name, e, func(own context.Context) (bool, error) {
		own, cancel := context.WithCancel(own)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		err := t.remove(own, name)
		tell(err)
		e.failed++ // nobody else looks at it while the entry is busy
		return err != nil, nil
	})
	return e.busy
}

// idle reports whether nobody uses a template any more; mu is held.
func (t *Templates) idle(e *entry) bool {
	return e.busy == nil && e.leases <= 0 && !t.opts.Clock.Now().Before(e.expires)
}

func (t *Templates) expired() map[string]*entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := map[string]*entry{}
	for name, e := range t.entries {
		if t.idle(e) {
			out[name] = e
		}
	}
	return out
}

// DeleteOf deletes all templates of a NodeClass (AWS-093). All are attempted; the error
// names those that failed.
func (t *Templates) DeleteOf(ctx context.Context, nodeClass string) error {
	var names []string
	err := t.each(ctx, func(lt types.LaunchTemplate) { names = append(names, aws.ToString(lt.LaunchTemplateName)) },
		t.ofCluster(), types.Filter{Name: aws.String("tag:" + v1.TagNodeClass), Values: []string{nodeClass}})
	if err != nil {
		return fmt.Errorf("listing the launch templates of EC2NodeClass %s: %w", nodeClass, err)
	}
	var failures failures
	for _, name := range names {
		if err := t.remove(ctx, name); err != nil {
			failures.add(err)
			continue
		}
		t.Invalidate(name)
	}
	return failures.join()
}

// failures are errors from several goroutines.
type failures struct {
	mu  sync.Mutex
	all []error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, err)
}

func (f *failures) join() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.all...)
}
