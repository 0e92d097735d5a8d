// SPDX-License-Identifier: Apache-2.0

package launchtemplate_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"k8s.io/utils/clock"

	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/launchtemplate"
)

// account is EC2 as far as templates go. Calls take a while, so that they overlap.
type account struct {
	mu    sync.Mutex
	names map[string]bool
	calls []string
	fail  map[string]error // by call
	takes time.Duration
	twice bool
}

func newAccount() *account {
	return &account{names: map[string]bool{}, fail: map[string]error{}, takes: time.Second}
}

func (a *account) call(ctx context.Context, name string) error {
	a.mu.Lock()
	a.calls = append(a.calls, name)
	err := a.fail[name]
	a.mu.Unlock()
	select {
	case <-time.After(a.takes):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func apiError(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }

func (a *account) CreateLaunchTemplate(ctx context.Context, in *ec2.CreateLaunchTemplateInput, _ ...func(*ec2.Options)) (*ec2.CreateLaunchTemplateOutput, error) {
	if err := a.call(ctx, "create"); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.names[*in.LaunchTemplateName] {
		return nil, apiError("InvalidLaunchTemplateName.AlreadyExistsException")
	}
	a.names[*in.LaunchTemplateName] = true
	return &ec2.CreateLaunchTemplateOutput{}, nil
}

func (a *account) DeleteLaunchTemplate(ctx context.Context, in *ec2.DeleteLaunchTemplateInput, _ ...func(*ec2.Options)) (*ec2.DeleteLaunchTemplateOutput, error) {
	if err := a.call(ctx, "delete"); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.names[*in.LaunchTemplateName] {
		return nil, apiError("InvalidLaunchTemplateName.NotFoundException")
	}
	delete(a.names, *in.LaunchTemplateName)
	return &ec2.DeleteLaunchTemplateOutput{}, nil
}

func (a *account) DescribeLaunchTemplates(ctx context.Context, in *ec2.DescribeLaunchTemplatesInput, _ ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error) {
	if err := a.call(ctx, "describe"); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := &ec2.DescribeLaunchTemplatesOutput{}
	for _, name := range slices.Sorted(maps.Keys(a.names)) {
		if *in.Filters[0].Name != "launch-template-name" || slices.Contains(in.Filters[0].Values, name) {
			out.LaunchTemplates = append(out.LaunchTemplates, types.LaunchTemplate{LaunchTemplateName: aws.String(name)})
			if a.twice {
				out.LaunchTemplates = append(out.LaunchTemplates, out.LaunchTemplates[0])
			}
		}
	}
	return out, nil
}

// made counts the calls so far, written "describe=1 create=2".
func (a *account) made() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	counts := map[string]int{}
	for _, c := range a.calls {
		counts[c]++
	}
	var out []string
	for _, name := range []string{"describe", "create", "delete"} {
		if counts[name] > 0 {
			out = append(out, fmt.Sprintf("%s=%d", name, counts[name]))
		}
	}
	return strings.Join(out, " ")
}

func (a *account) has(t *testing.T, c launchtemplate.Content) bool {
	t.Helper()
	name, err := c.Name()
	if err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.names[name]
}

func (a *account) set(call string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail[call] = err
}

func open(t *testing.T, a *account, change ...func(*launchtemplate.Options)) *launchtemplate.Templates {
	t.Helper()
	o := launchtemplate.Options{API: a, Cluster: "c1", Clock: clock.RealClock{}}
	for _, f := range change {
		f(&o)
	}
	templates := launchtemplate.New(o)
	t.Cleanup(templates.Close)
	return templates
}

func content(n int) launchtemplate.Content {
	return launchtemplate.Content{ImageID: fmt.Sprintf("ami-%d", n)}
}

func acquire(t *testing.T, templates *launchtemplate.Templates, contents ...launchtemplate.Content) *launchtemplate.Lease {
	t.Helper()
	l, err := templates.Acquire(t.Context(), contents...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func virtual(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// AWS-262.
func TestTemplatesAreMadeOnce(t *testing.T) {
	virtual(t, "equal content once, different contents at the same time, look-ups in one call", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		var work sync.WaitGroup
		start := time.Now()
		for i := range 100 {
			work.Go(func() { acquire(t, templates, content(i%5), content(5)).Release() })
		}
		work.Wait()
		if got := a.made(); got != "describe=1 create=6" {
			t.Errorf("made %s", got)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("different contents waited for one another: %v", took)
		}
		acquire(t, templates, content(1)).Release()
		if got := a.made(); got != "describe=1 create=6" {
			t.Errorf("what is known costs calls: %s", got)
		}
	})
	virtual(t, "one that is there is found", func(t *testing.T) {
		a := newAccount()
		acquire(t, open(t, a), content(1)).Release()
		acquire(t, open(t, a), content(1)).Release()
		if got := a.made(); got != "describe=2 create=1" {
			t.Errorf("made %s", got)
		}
	})
	virtual(t, "one that a look-up does not show yet is taken as it is", func(t *testing.T) {
		a := newAccount()
		acquire(t, open(t, a), content(1)).Release()
		blind := &blindAccount{a}
		templates := launchtemplate.New(launchtemplate.Options{API: blind, Cluster: "c1", Clock: clock.RealClock{}})
		defer templates.Close()
		acquire(t, templates, content(1)).Release()
	})
	virtual(t, "two of one name is an error", func(t *testing.T) {
		a := newAccount()
		acquire(t, open(t, a), content(1)).Release()
		a.twice = true
		if _, err := open(t, a).Acquire(t.Context(), content(1)); err == nil {
			t.Error("no error")
		}
	})
	virtual(t, "a failure is told to all who wait, and is not kept", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		a.set("create", apiError("UnauthorizedOperation"))
		var work sync.WaitGroup
		for range 10 {
			work.Go(func() {
				var api smithy.APIError
				if _, err := templates.Acquire(t.Context(), content(1)); !errors.As(err, &api) || api.ErrorCode() != "UnauthorizedOperation" {
					t.Errorf("got %v", err)
				}
			})
		}
		work.Wait()
		if got := a.made(); got != "describe=1 create=1" {
			t.Errorf("made %s", got)
		}
		a.set("create", nil)
		acquire(t, templates, content(1)).Release()
	})
	virtual(t, "CP-094: throttled calls are repeated", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		a.set("create", apiError("RequestLimitExceeded"))
		time.AfterFunc(3*time.Second, func() { a.set("create", nil) })
		acquire(t, templates, content(1)).Release()
	})
	virtual(t, "who leaves takes nothing from the others", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		gone := make(chan error)
		go func() {
			_, err := templates.Acquire(ctx, content(1))
			gone <- err
		}()
		acquire(t, templates, content(1)).Release()
		if err := <-gone; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if got := a.made(); got != "describe=1 create=1" {
			t.Errorf("made %s", got)
		}
	})
}

// blindAccount shows no template.
type blindAccount struct{ *account }

func (*blindAccount) DescribeLaunchTemplates(context.Context, *ec2.DescribeLaunchTemplatesInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error) {
	return &ec2.DescribeLaunchTemplatesOutput{}, nil
}

func sweep(t *testing.T, templates *launchtemplate.Templates) {
	t.Helper()
	if err := templates.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
}

// AWS-262.
func TestTemplatesExpire(t *testing.T) {
	virtual(t, "a minute after the last use", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		acquire(t, templates, content(1)).Release()
		time.Sleep(50 * time.Second)
		acquire(t, templates, content(1)).Release() // it slides
		time.Sleep(59 * time.Second)
		if sweep(t, templates); !a.has(t, content(1)) {
			t.Fatal("it was deleted too early")
		}
		time.Sleep(time.Second)
		if sweep(t, templates); a.has(t, content(1)) {
			t.Fatal("it was not deleted")
		}
		acquire(t, templates, content(1)).Release()
		if !a.has(t, content(1)) {
			t.Error("it was not made anew")
		}
	})
	virtual(t, "never while a launch holds it", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		one, two := acquire(t, templates, content(1)), acquire(t, templates, content(1))
		time.Sleep(time.Hour)
		one.Release()
		one.Release() // twice is once
		time.Sleep(time.Hour)
		if sweep(t, templates); !a.has(t, content(1)) {
			t.Fatal("it was deleted under a launch")
		}
		two.Release()
		time.Sleep(time.Hour)
		if sweep(t, templates); a.has(t, content(1)) {
			t.Error("it was not deleted")
		}
	})
	virtual(t, "who comes during the deletion gets a new one", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		acquire(t, templates, content(1)).Release()
		time.Sleep(time.Hour)
		done := make(chan struct{})
		go func() { sweep(t, templates); close(done) }()
		synctest.Wait()
		l := acquire(t, templates, content(1))
		<-done
		if !a.has(t, content(1)) {
			t.Error("a lease is held on a template that is not there")
		}
		l.Release()
	})
	virtual(t, "one that was deleted by others is fine", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		acquire(t, templates, content(1)).Release()
		clear(a.names)
		time.Sleep(time.Hour)
		sweep(t, templates)
	})
	virtual(t, "one that cannot be deleted is tried again, ever later", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		acquire(t, templates, content(1)).Release()
		a.set("delete", apiError("UnauthorizedOperation"))
		for range 600 { // a hundred minutes
			time.Sleep(10 * time.Second)
			_ = templates.Sweep(t.Context())
		}
		if got := a.made(); got != "describe=1 create=1 delete=6" {
			t.Errorf("made %s", got)
		}
		a.set("delete", nil)
		time.Sleep(time.Hour)
		if sweep(t, templates); a.has(t, content(1)) {
			t.Error("it was forgotten")
		}
	})
	virtual(t, "AWS-292: what turned out to be gone is made anew, and old leases do no harm", func(t *testing.T) {
		a := newAccount()
		templates := open(t, a)
		old := acquire(t, templates, content(1))
		clear(a.names)
		name, _ := content(1).Name()
		templates.Invalidate(name)
		l := acquire(t, templates, content(1))
		old.Release()
		time.Sleep(time.Hour)
		if sweep(t, templates); !a.has(t, content(1)) {
			t.Error("the lease on the new one was lost")
		}
		l.Release()
	})
	virtual(t, "the leader learns of all templates, and sweeps them", func(t *testing.T) {
		a := newAccount()
		acquire(t, open(t, a), content(1), content(2)).Release()
		templates := open(t, a)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- templates.Start(ctx) }()
		time.Sleep(10 * time.Second)
		before := a.made()
		acquire(t, templates, content(1)).Release()
		if got := a.made(); got != before {
			t.Errorf("a template of a former leader costs calls: %s, then %s", before, got)
		}
		time.Sleep(2 * time.Minute)
		stop()
		if err := <-ended; err != nil || len(a.names) > 0 {
			t.Errorf("%v, %d are left", err, len(a.names))
		}
	})
}

// The calls as EC2 understands them.
func TestOnTheWire(t *testing.T) {
	a := simtest.New(t)
	var created []launchtemplate.Content
	templates := launchtemplate.New(launchtemplate.Options{
		API: ec2.NewFromConfig(a.Config), Cluster: simtest.Cluster, Clock: clock.RealClock{}, Window: time.Millisecond,
		Created: func(c launchtemplate.Content) { created = append(created, c) },
	})
	defer templates.Close()
	c := built(t, func(in *launchtemplate.Input) { in.Cluster = simtest.Cluster })
	acquire(t, templates, c).Release()
	if a.Calls("ec2:DescribeLaunchTemplates") != 1 || a.Calls("ec2:CreateLaunchTemplate") != 1 || len(created) != 1 {
		t.Errorf("%d described, %d created, %d told", a.Calls("ec2:DescribeLaunchTemplates"), a.Calls("ec2:CreateLaunchTemplate"), len(created))
	}
	if err := templates.DeleteOf(t.Context(), "another"); err != nil || a.Calls("ec2:DeleteLaunchTemplate") != 0 {
		t.Errorf("AWS-093: %v, %d deletions for another NodeClass", err, a.Calls("ec2:DeleteLaunchTemplate"))
	}
	if err := templates.DeleteOf(t.Context(), "default"); err != nil || a.Calls("ec2:DeleteLaunchTemplate") != 1 {
		t.Errorf("AWS-093: %v, %d deletions", err, a.Calls("ec2:DeleteLaunchTemplate"))
	}
	acquire(t, templates, c).Release()
	a.Fail("ec2:DeleteLaunchTemplate", "UnauthorizedOperation", "no")
	if err := templates.DeleteOf(t.Context(), "default"); err == nil || !strings.Contains(err.Error(), launchtemplate.Prefix) {
		t.Errorf("AWS-093: %v: want an error that names the template", err)
	}
}
