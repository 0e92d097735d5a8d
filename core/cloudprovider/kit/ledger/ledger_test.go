// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/ledger"
)

func newLedger(cloud *cloud) *ledger.Ledger[machine] {
	return ledger.New(ledger.Options{Idempotent: cloud.idempotent, Appears: appears, Clock: clock.RealClock{}}, ledger.Cloud[machine]{
		Find:       cloud.find,
		ProviderID: func(m machine) string { return m.id },
		Refused:    func(err error) bool { return errors.Is(err, errNoStock) },
	})
}

// launch asks for a machine of a NodeClaim that was there before the process.
func launch(ctx context.Context, l *ledger.Ledger[machine], cloud *cloud, uid types.UID, parameters string) (machine, error) {
	return l.Launch(ctx, ledger.Request[machine]{
		UID: uid, Parameters: parameters,
		Launch: func(ctx context.Context, token string) (machine, error) { return cloud.launch(ctx, uid, token) },
	})
}

// use is a first use of a ledger that asks nothing.
func use(t *testing.T, l *ledger.Ledger[machine]) {
	t.Helper()
	if surplus, err := l.Collect(t.Context(), nil); err != nil || len(surplus) > 0 {
		t.Errorf("surplus %v, %v", surplus, err)
	}
}

// inTime runs a test in virtual time, on a cloud with idempotent requests or one
// without; long after the process began to lead.
func inTime(t *testing.T, idempotent bool, test func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cloud := newCloud(idempotent)
		l := newLedger(cloud)
		defer l.Close(t.Context())
		use(t, l)
		time.Sleep(time.Hour)
		test(t, l, cloud)
	})
}

// KIT-070: a token is a function of the NodeClaim and of what is asked for.
func TestToken(t *testing.T) {
	base := ledger.Token("uid", "params", 0)
	if again := ledger.Token("uid", "params", 0); again != base {
		t.Errorf("%s and then %s for equal arguments", base, again)
	}
	if want := "ad439c02-daac-82be-a449-52b7ae25a9ea"; base != want { // of another process
		t.Errorf("the token is %s, in an earlier version it was %s", base, want)
	}
	if _, err := uuid.Parse(base); err != nil {
		t.Error(err)
	}
	for _, other := range []string{
		ledger.Token("uid2", "params", 0), ledger.Token("uid", "params2", 0), ledger.Token("uid", "params", 1), ledger.Token("uidp", "arams", 0),
	} {
		if other == base {
			t.Errorf("the token of other arguments is %s too", other)
		}
	}
}

// KIT-071, CP-022, CP-318: concurrent launches and repeats of a UID are one.
func TestRepeatsAreOne(t *testing.T) {
	inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if m, err := launch(t.Context(), l, cloud, "u", fmt.Sprint("params", i%2)); m.id != "i-001" {
					t.Errorf("got %q, %v", m.id, err)
				}
			})
		}
		all.Wait()
		for _, later := range []time.Duration{0, time.Second, 10 * time.Minute} {
			time.Sleep(later)
			if m, err := launch(t.Context(), l, cloud, "u", "params"); m.id != "i-001" {
				t.Errorf("after %v got %q, %v", later, m.id, err)
			}
		}
		if cloud.asked != 1 {
			t.Errorf("%d launches", cloud.asked)
		}
	})
}

// KIT-072: a new NodeClaim costs no look-up; one that may have been launched for
// costs one.
func TestLookups(t *testing.T) {
	inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
		launchNew := func(uid types.UID) (machine, error) {
			return l.Launch(t.Context(), ledger.Request[machine]{UID: uid, New: true, Launch: func(ctx context.Context, token string) (machine, error) {
				return cloud.launch(ctx, uid, token)
			}})
		}
		if _, err := launchNew("new"); err != nil || cloud.lookups != 0 {
			t.Errorf("%v, %d look-ups", err, cloud.lookups)
		}
		if _, err := launch(t.Context(), l, cloud, "old", ""); err != nil || cloud.lookups != 1 {
			t.Errorf("%v, %d look-ups", err, cloud.lookups)
		}
		cloud.fates = []fate{responseLost}
		_, _ = launchNew("lost")
		time.Sleep(appears)
		if m, err := launchNew("lost"); m.id != "i-003" || cloud.lookups != 2 {
			t.Errorf("a new one that was asked for already: %q, %v, %d look-ups", m.id, err, cloud.lookups)
		}
	})
}

// KIT-073: each row is a first launch that failed, and what a second one does.
func TestAfterFailure(t *testing.T) {
	for name, tt := range map[string]struct {
		idempotent bool
		first      fate
		parameters string        // of the second; those of the first are "a"
		after      time.Duration // when the second comes
		want       string        // ID, or empty for an error
		err        error
		machines   int
	}{
		"refused: asked again at once":                       {first: refused, parameters: "a", want: "i-001", machines: 1},
		"refused: asked again for something else":            {first: refused, parameters: "b", want: "i-001", machines: 1},
		"response lost: the machine is adopted once seen":    {first: responseLost, parameters: "a", after: appears, want: "i-001", machines: 1},
		"response lost, other parameters: adopted too":       {first: responseLost, parameters: "b", after: appears, want: "i-001", machines: 1},
		"response lost, not seen yet: waits":                 {first: responseLost, parameters: "a", after: 0, err: ledger.ErrOpen, machines: 1},
		"response lost, the token is known: asked again":     {idempotent: true, first: responseLost, parameters: "a", after: 0, want: "i-001", machines: 1},
		"response lost, the token is another: waits":         {idempotent: true, first: responseLost, parameters: "b", after: 0, err: ledger.ErrOpen, machines: 1},
		"request lost: waits as long as it may have arrived": {first: requestLost, parameters: "a", after: appears - 1, err: ledger.ErrOpen},
		"request lost: asked again after that":               {first: requestLost, parameters: "a", after: appears, want: "i-001", machines: 1},
		"carried out late: adopted":                          {first: late, parameters: "b", after: appears, want: "i-001", machines: 1},
		"panic: as if the response was lost":                 {first: panics, parameters: "a", after: 0, err: ledger.ErrOpen},
		"end of its goroutine: as if the response was lost":  {first: exits, parameters: "a", after: 0, err: ledger.ErrOpen},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, tt.idempotent, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
				cloud.fates = []fate{tt.first}
				if m, err := launch(t.Context(), l, cloud, "u", "a"); err == nil {
					t.Fatalf("the first brought %q", m.id)
				}
				time.Sleep(tt.after)
				m, err := launch(t.Context(), l, cloud, "u", tt.parameters)
				if m.id != tt.want || !errors.Is(err, tt.err) || (err == nil) != (tt.want != "") {
					t.Errorf("the second brought %q, %v", m.id, err)
				}
				if got := len(cloud.live("u")); got != tt.machines {
					t.Errorf("%d machines", got)
				}
			})
		})
	}
}

// KIT-073: a refusal is of the ask that it answers, not of the one before that may
// still bring a machine.
func TestRefusedAfterLost(t *testing.T) {
	inTime(t, true, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
		cloud.fates = []fate{late, refused}
		_, _ = launch(t.Context(), l, cloud, "u", "a")
		if _, err := launch(t.Context(), l, cloud, "u", "a"); !errors.Is(err, errNoStock) {
			t.Error(err)
		}
		if _, err := launch(t.Context(), l, cloud, "u", "b"); !errors.Is(err, ledger.ErrOpen) {
			t.Error(err)
		}
		if answer, err := l.Launched(t.Context(), "u"); answer.Launched != ledger.Unknown || err != nil {
			t.Errorf("the answer is %v, %v", answer, err)
		}
		time.Sleep(appears)
		if m, err := launch(t.Context(), l, cloud, "u", "b"); m.id != "i-001" {
			t.Errorf("got %q, %v", m.id, err)
		}
	})
}

// KIT-073, KIT-076: a launch that gives up on a request, as on one that it shares,
// says nothing of when the request ends.
func TestRequestOutlastsLaunch(t *testing.T) {
	inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
		_, err := l.Launch(t.Context(), ledger.Request[machine]{UID: "u", Launch: func(ctx context.Context, token string) (machine, error) {
			<-ctx.Done()
			time.AfterFunc(5*time.Minute, func() { cloud.create("u", token) })
			return machine{}, context.Cause(ctx)
		}})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(5*time.Minute + appears - 31*time.Second) // before it can be seen
		if answer, err := l.Launched(t.Context(), "u"); answer.Launched != ledger.Unknown || err != nil {
			t.Errorf("the answer is %v, %v", answer, err)
		}
		if _, err := launch(t.Context(), l, cloud, "u", ""); !errors.Is(err, ledger.ErrOpen) {
			t.Error(err)
		}
		time.Sleep(31 * time.Second)
		if m, err := launch(t.Context(), l, cloud, "u", ""); m.id != "i-001" {
			t.Errorf("got %q, %v", m.id, err)
		}
	})
}

// KIT-073: a repeat says nothing of when the request before it ends.
func TestRequestOutlastsRepeat(t *testing.T) {
	inTime(t, true, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
		cloud.takes = time.Hour
		_, _ = launch(t.Context(), l, cloud, "u", "")
		cloud.takes, cloud.fates = 0, []fate{requestLost}
		_, _ = launch(t.Context(), l, cloud, "u", "")
		time.Sleep(appears)
		if answer, err := l.Launched(t.Context(), "u"); answer.Launched != ledger.Unknown || err != nil {
			t.Errorf("the answer is %v, %v", answer, err)
		}
		time.Sleep(5 * time.Minute)
		if answer, err := l.Launched(t.Context(), "u"); answer.Launched != ledger.No || err != nil {
			t.Errorf("in the end the answer is %v, %v", answer, err)
		}
	})
}

// KIT-074: a process that has just begun to lead does not know what the one before
// asked.
func TestAfterRestart(t *testing.T) {
	for name, tt := range map[string]struct {
		idempotent bool
		standsBy   time.Duration // before it leads
		after      time.Duration
		err        error
	}{
		"no tokens: waits until everything can be seen": {after: 0, err: ledger.ErrOpen},
		"no tokens: asks then":                          {after: appears},
		"no tokens: time as a standby does not count":   {standsBy: time.Hour, after: appears - 1, err: ledger.ErrOpen},
		"tokens: asks at once, for one and the same":    {idempotent: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cloud := newCloud(tt.idempotent)
				before := newLedger(cloud)
				use(t, before)
				time.Sleep(appears)
				l := newLedger(cloud)
				defer l.Close(t.Context())
				time.Sleep(tt.standsBy)
				cloud.fates = []fate{late}
				_, _ = launch(t.Context(), before, cloud, "u", "a")
				before.Close(t.Context())
				use(t, l)
				time.Sleep(tt.after)
				if _, err := launch(t.Context(), l, cloud, "u", "a"); !errors.Is(err, tt.err) {
					t.Error(err)
				}
				time.Sleep(appears) // what the one before asked for is there
				if got := len(cloud.live("u")); got != 1 {
					t.Errorf("%d machines", got)
				}
			})
		})
	}
}

// KIT-075: who leaves does not end the launch; what it brings is there for the
// next.
func TestCallerLeaves(t *testing.T) {
	inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
		cloud.takes = time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := launch(ctx, l, cloud, "u", "a"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if answer, err := l.Launched(t.Context(), "u"); answer.Launched != ledger.Unknown || err != nil {
			t.Errorf("meanwhile the answer is %v, %v", answer, err)
		}
		if m, err := launch(t.Context(), l, cloud, "u", "b"); m.id != "i-001" {
			t.Errorf("the next got %q, %v", m.id, err)
		}
	})
}

// KIT-076: one answer for all clouds.
func TestLaunched(t *testing.T) {
	down := errors.New("the cloud does not answer")
	for name, tt := range map[string]struct {
		before  func(ctx context.Context, l *ledger.Ledger[machine], cloud *cloud)
		restart bool // just now
		then    func(ctx context.Context, l *ledger.Ledger[machine], cloud *cloud)
		want    ledger.Answer
		err     error
	}{
		"never asked": {want: ledger.Answer{Launched: ledger.No}},
		"never asked by this process, which has just begun": {restart: true},
		"asked for by this process, which has just begun, and refused": {
			restart: true,
			then: func(ctx context.Context, l *ledger.Ledger[machine], c *cloud) {
				c.fates = []fate{refused}
				_, _ = launch(ctx, l, c, "u", "")
			},
		},
		"asked for by this process, which has just begun, and doomed": {
			restart: true,
			then: func(ctx context.Context, l *ledger.Ledger[machine], c *cloud) {
				c.takes = time.Second
				hasty, cancel := context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
				_, _ = launch(hasty, l, c, "u", "")
				time.Sleep(time.Second)
				_, _ = l.Collect(ctx, func(context.Context, types.UID) (ledger.Claim, error) { return ledger.Claim{}, nil })
			},
		},
		"looked up by this process when it had just begun, which took long": {
			restart: true,
			then:    func(_ context.Context, _ *ledger.Ledger[machine], c *cloud) { c.lookupTakes = appears },
		},
		"answered": {
			before: func(ctx context.Context, l *ledger.Ledger[machine], c *cloud) { _, _ = launch(ctx, l, c, "u", "") },
			want:   ledger.Answer{Launched: ledger.Yes, ProviderID: "i-001"},
		},
		"refused": {
			before: func(ctx context.Context, l *ledger.Ledger[machine], c *cloud) {
				c.fates = []fate{refused}
				_, _ = launch(ctx, l, c, "u", "")
			},
			want: ledger.Answer{Launched: ledger.No},
		},
		"request lost a moment ago": {
			before: func(ctx context.Context, l *ledger.Ledger[machine], c *cloud) {
				c.fates = []fate{requestLost}
				_, _ = launch(ctx, l, c, "u", "")
			},
		},
		"request lost long ago": {
			before: func(ctx context.Context, l *ledger.Ledger[machine], c *cloud) {
				c.fates = []fate{requestLost}
				_, _ = launch(ctx, l, c, "u", "")
				time.Sleep(appears)
			},
			want: ledger.Answer{Launched: ledger.No},
		},
		"response lost, and seen": {
			before: func(ctx context.Context, l *ledger.Ledger[machine], c *cloud) {
				c.fates = []fate{responseLost}
				_, _ = launch(ctx, l, c, "u", "")
				time.Sleep(appears)
			},
			want: ledger.Answer{Launched: ledger.Yes, ProviderID: "i-001"},
		},
		"launched by the process before": {
			before: func(ctx context.Context, _ *ledger.Ledger[machine], c *cloud) {
				_, _ = c.launch(ctx, "u", "")
				time.Sleep(appears)
			},
			restart: true,
			want:    ledger.Answer{Launched: ledger.Yes, ProviderID: "i-001"},
		},
		"the cloud does not answer": {
			before: func(_ context.Context, _ *ledger.Ledger[machine], c *cloud) { c.down = down },
			err:    down,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, true, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
				if tt.before != nil {
					tt.before(t.Context(), l, cloud)
				}
				if tt.restart {
					l = newLedger(cloud)
					defer l.Close(t.Context())
				}
				if tt.then != nil {
					tt.then(t.Context(), l, cloud)
				}
				if got, err := l.Launched(t.Context(), "u"); got != tt.want || !errors.Is(err, tt.err) {
					t.Errorf("got %v, %v, want %v, %v", got, err, tt.want, tt.err)
				}
			})
		})
	}
}

// KIT-077.
func TestSurplus(t *testing.T) {
	there := ledger.Claim{Exists: true}
	for name, tt := range map[string]struct {
		found    string
		claim    ledger.Claim
		answered string
		want     string
	}{
		"nothing found":                              {},
		"the NodeClaim is gone":                      {found: "b a", want: "b a"},
		"gone, though it has a provider ID":          {found: "b a", claim: ledger.Claim{ProviderID: "a"}, want: "b a"},
		"it has its machine":                         {found: "b a", claim: ledger.Claim{Exists: true, ProviderID: "b"}, want: "a"},
		"its machine is not among them":              {found: "b a", claim: ledger.Claim{Exists: true, ProviderID: "c"}, want: "b a"},
		"its own goes before the answered":           {found: "b a", claim: ledger.Claim{Exists: true, ProviderID: "b"}, answered: "a", want: "a"},
		"none yet: the answered stays":               {found: "a b c", claim: there, answered: "b", want: "a c"},
		"none yet, and none answered: the first":     {found: "c a b", claim: there, want: "c b"},
		"none yet, and one only: it will be adopted": {found: "c", claim: there},
	} {
		t.Run(name, func(t *testing.T) {
			got := ledger.Surplus(strings.Fields(tt.found), func(id string) string { return id }, tt.claim, tt.answered)
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// KIT-078: what came late is adopted by the NodeClaim or handed out, and again
// until it is gone.
func TestCollect(t *testing.T) {
	collect := func(t *testing.T, l *ledger.Ledger[machine], claim ledger.Claim) string {
		t.Helper()
		surplus, err := l.Collect(t.Context(), func(context.Context, types.UID) (ledger.Claim, error) { return claim, nil })
		if err != nil {
			t.Error(err)
		}
		ids := make([]string, len(surplus))
		for i, m := range surplus {
			ids[i] = m.id
		}
		return strings.Join(ids, " ")
	}
	t.Run("its NodeClaim is gone", func(t *testing.T) {
		inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
			cloud.fates = []fate{late}
			_, _ = launch(t.Context(), l, cloud, "u", "")
			if got := collect(t, l, ledger.Claim{}); got != "" {
				t.Errorf("surplus %q before it is there", got)
			}
			time.Sleep(appears)
			for range 2 {
				if got := collect(t, l, ledger.Claim{}); got != "i-001" {
					t.Errorf("surplus %q", got)
				}
			}
			cloud.end("i-001")
			if got := collect(t, l, ledger.Claim{}); got != "i-001" {
				t.Errorf("surplus %q while a look-up may miss it", got)
			}
			time.Sleep(appears)
			if got := collect(t, l, ledger.Claim{}); got != "" || l.Len() != 0 {
				t.Errorf("surplus %q, %d entries after it is gone", got, l.Len())
			}
		})
	})
	t.Run("its NodeClaim still wants it", func(t *testing.T) {
		inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
			cloud.fates = []fate{late}
			_, _ = launch(t.Context(), l, cloud, "u", "")
			time.Sleep(appears)
			if got := collect(t, l, ledger.Claim{Exists: true}); got != "" {
				t.Errorf("surplus %q", got)
			}
			// Also where the next launch would not look.
			m, err := l.Launch(t.Context(), ledger.Request[machine]{UID: "u", New: true})
			if m.id != "i-001" {
				t.Errorf("the next launch brought %q, %v", m.id, err)
			}
		})
	})
	t.Run("answered to nobody, and the NodeClaim is gone", func(t *testing.T) {
		inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
			cloud.takes = time.Minute
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, _ = launch(ctx, l, cloud, "u", "")
			if got := collect(t, l, ledger.Claim{}); got != "" {
				t.Errorf("surplus %q while the launch is under way", got)
			}
			time.Sleep(time.Minute) // it cannot be looked up yet, but it is known
			for range 2 {           // as when its end was throttled
				if got := collect(t, l, ledger.Claim{}); got != "i-001" {
					t.Errorf("surplus %q", got)
				}
				l.Ended("u")
			}
			time.Sleep(2 * time.Hour)
			if m, err := launch(t.Context(), l, cloud, "other", ""); err != nil { // old entries are forgotten
				t.Errorf("%v, %v", m, err)
			}
			if got := collect(t, l, ledger.Claim{}); got != "i-001" {
				t.Errorf("surplus %q", got)
			}
			if answer, err := l.Launched(t.Context(), "u"); answer.Launched != ledger.No || err != nil {
				t.Errorf("of a machine that is doomed the answer is %v, %v", answer, err)
			}
		})
	})
	t.Run("a launch that begins meanwhile decides", func(t *testing.T) {
		inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
			cloud.fates = []fate{late}
			_, _ = launch(t.Context(), l, cloud, "u", "")
			time.Sleep(appears)
			launched := make(chan string, 1)
			surplus, err := l.Collect(t.Context(), func(context.Context, types.UID) (ledger.Claim, error) {
				cloud.slow(time.Second)
				go func() {
					m, _ := launch(t.Context(), l, cloud, "u", "")
					launched <- m.id
				}()
				synctest.Wait()
				return ledger.Claim{}, nil
			})
			if err != nil || len(surplus) > 0 {
				t.Errorf("surplus %v, %v", surplus, err)
			}
			if got := <-launched; got != "i-001" {
				t.Errorf("launched %q", got)
			}
		})
	})
	t.Run("a doomed machine is not adopted", func(t *testing.T) {
		inTime(t, true, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
			cloud.fates = []fate{late}
			_, _ = launch(t.Context(), l, cloud, "u", "")
			time.Sleep(appears)
			_ = collect(t, l, ledger.Claim{})
			if m, err := launch(t.Context(), l, cloud, "u", ""); m.id != "i-002" {
				t.Errorf("got %q, %v", m.id, err)
			}
		})
	})
	t.Run("of a NodeClaim with another machine, a doomed one is not kept when that is lost", func(t *testing.T) {
		inTime(t, true, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
			cloud.fates = []fate{responseLost}
			_, _ = launch(t.Context(), l, cloud, "u", "")
			time.Sleep(appears)
			for _, claim := range []ledger.Claim{{Exists: true, ProviderID: "i-000"}, {Exists: true}} {
				if got := collect(t, l, claim); got != "i-001" {
					t.Errorf("surplus %q", got)
				}
			}
			if m, err := launch(t.Context(), l, cloud, "u", ""); m.id != "i-002" {
				t.Errorf("the next launch brought %q, %v", m.id, err)
			}
		})
	})
	t.Run("look-ups are made together", func(t *testing.T) {
		inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
			for i := range 50 {
				cloud.fates = []fate{late}
				_, _ = launch(t.Context(), l, cloud, types.UID(fmt.Sprintf("u%02d", i)), "")
			}
			time.Sleep(appears)
			cloud.lookupTakes = time.Second
			start := time.Now()
			surplus, err := l.Collect(t.Context(), func(context.Context, types.UID) (ledger.Claim, error) { return ledger.Claim{}, nil })
			sorted := slices.IsSortedFunc(surplus, func(a, b machine) int { return strings.Compare(string(a.uid), string(b.uid)) })
			if err != nil || len(surplus) != 50 || !sorted || time.Since(start) != time.Second {
				t.Errorf("surplus %v, %v after %v", surplus, err, time.Since(start))
			}
		})
	})
	t.Run("a panic in between is an error", func(t *testing.T) {
		inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
			cloud.fates = []fate{late}
			_, _ = launch(t.Context(), l, cloud, "u", "")
			_, err := l.Collect(t.Context(), func(context.Context, types.UID) (ledger.Claim, error) { panic("oh") })
			if !errors.Is(err, ledger.ErrPanicked) {
				t.Error(err)
			}
		})
	})
	t.Run("what cannot be read is left alone, and the others are not", func(t *testing.T) {
		inTime(t, false, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
			cloud.fates = []fate{late, late}
			_, _ = launch(t.Context(), l, cloud, "u", "")
			_, _ = launch(t.Context(), l, cloud, "v", "")
			time.Sleep(appears)
			broken := errors.New("no answer")
			surplus, err := l.Collect(t.Context(), func(_ context.Context, uid types.UID) (ledger.Claim, error) {
				if uid == "u" {
					return ledger.Claim{}, broken
				}
				return ledger.Claim{}, nil
			})
			if !errors.Is(err, broken) || len(surplus) != 1 || surplus[0].uid != "v" {
				t.Errorf("surplus %v, %v", surplus, err)
			}
		})
	})
}

// KIT-071: a machine that was answered and is gone is replaced, by another
// request than the one that brought it.
func TestMachineLost(t *testing.T) {
	inTime(t, true, func(t *testing.T, l *ledger.Ledger[machine], cloud *cloud) {
		first, _ := launch(t.Context(), l, cloud, "u", "")
		cloud.end(first.id)
		time.Sleep(appears)
		if m, err := launch(t.Context(), l, cloud, "u", ""); m.id != "i-002" {
			t.Errorf("got %q, %v", m.id, err)
		}
		cloud.down = errors.New("the cloud does not answer")
		time.Sleep(appears)
		if m, err := launch(t.Context(), l, cloud, "u", ""); m.id != "i-002" {
			t.Errorf("while the cloud is down got %q, %v", m.id, err)
		}
	})
}

// KIT-079: memory is bounded, and what is open is not forgotten.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := newCloud(true)
		l := ledger.New(ledger.Options{Idempotent: true, KeepFor: time.Hour, MaxEntries: 3, Clock: clock.RealClock{}}, ledger.Cloud[machine]{
			Find: cloud.find, ProviderID: func(m machine) string { return m.id }, Refused: func(error) bool { return false },
		})
		defer l.Close(t.Context())
		for _, uid := range []types.UID{"a", "b", "c"} {
			if _, err := launch(t.Context(), l, cloud, uid, ""); err != nil {
				t.Error(err)
			}
		}
		if _, err := launch(t.Context(), l, cloud, "d", ""); !errors.Is(err, ledger.ErrFull) {
			t.Error(err)
		}
		l.Ended("a")
		if _, err := launch(t.Context(), l, cloud, "d", ""); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		if _, err := launch(t.Context(), l, cloud, "e", ""); err != nil || l.Len() != 1 {
			t.Errorf("%v, %d entries", err, l.Len())
		}
		cloud.fates = []fate{responseLost}
		_, _ = launch(t.Context(), l, cloud, "f", "")
		l.Ended("f")
		if l.Len() != 2 {
			t.Error("a launch that is open was forgotten")
		}
	})
}

// KIT-079: launches that were refused are not remembered, however many.
func TestRefusedFillNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := newCloud(false)
		l := ledger.New(ledger.Options{Appears: appears, MaxEntries: 3, Clock: clock.RealClock{}}, ledger.Cloud[machine]{
			Find: cloud.find, ProviderID: func(m machine) string { return m.id }, Refused: func(err error) bool { return errors.Is(err, errNoStock) },
		})
		defer l.Close(t.Context())
		if _, err := launch(t.Context(), l, cloud, "early", ""); !errors.Is(err, ledger.ErrOpen) || l.Len() != 0 {
			t.Errorf("%v, %d entries", err, l.Len())
		}
		time.Sleep(appears)
		cloud.fates = slices.Repeat([]fate{refused}, 10)
		for i := range 10 {
			if _, err := launch(t.Context(), l, cloud, types.UID(fmt.Sprint("u", i)), ""); !errors.Is(err, errNoStock) {
				t.Error(err)
			}
		}
		if l.Len() != 0 {
			t.Errorf("%d entries", l.Len())
		}
	})
}

// KIT-079: Close waits, and cancels after a time.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := newCloud(true)
		cloud.takes = time.Hour
		l := newLedger(cloud)
		errs := make(chan error, 1)
		go func() {
			_, err := launch(context.Background(), l, cloud, "u", "")
			errs <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		l.Close(ctx)
		if err := <-errs; err == nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if _, err := launch(t.Context(), l, cloud, "v", ""); !errors.Is(err, ledger.ErrClosed) {
			t.Error(err)
		}
	})
}

const appears = time.Minute

var (
	errNoStock = errors.New("no stock")
	errLost    = errors.New("connection reset")
)

type machine struct {
	id    string
	uid   types.UID
	token string
	seen  time.Time // when look-ups begin to show it
}

// fate is what becomes of a launch.
type fate int

const (
	fine fate = iota
	refused
	responseLost // it is carried out
	requestLost  // it is not
	late         // it is carried out half of appears later
	panics
	exits
)

// cloud is a model of one: it loses requests and responses, shows machines late,
// and may recognize tokens.
type cloud struct {
	idempotent bool
	takes      time.Duration
	// lookupTakes is how long a look-up does.
	lookupTakes time.Duration

	mu       sync.Mutex
	fates    []fate // of the next launches; fine afterwards
	down     error
	machines []machine
	tokens   map[string]string // provider ID by token
	count    int
	asked    int
	lookups  int
}

func newCloud(idempotent bool) *cloud {
	return &cloud{idempotent: idempotent, tokens: map[string]string{}}
}

// set changes how the cloud behaves.
func (c *cloud) set(change func(c *cloud)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

// slow makes look-ups take some time.
func (c *cloud) slow(takes time.Duration) { c.set(func(c *cloud) { c.lookupTakes = takes }) }

// fate returns what becomes of the next launch, and how long it takes.
func (c *cloud) fate() (fate, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if len(c.fates) == 0 {
		return fine, c.takes
	}
	next := c.fates[0]
	c.fates = c.fates[1:]
	return next, c.takes
}

func (c *cloud) launch(ctx context.Context, uid types.UID, token string) (machine, error) {
	next, takes := c.fate()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return machine{}, ctx.Err()
	}
	switch next {
	case refused:
		return machine{}, errNoStock
	case responseLost:
		c.create(uid, token)
		return machine{}, errLost
	case requestLost:
		return machine{}, errLost
	case late:
		time.AfterFunc(appears/2, func() { c.create(uid, token) })
		return machine{}, errLost
	case panics:
		panic("in a provider")
	case exits:
		runtime.Goexit()
	}
	return c.create(uid, token), nil
}

func (c *cloud) create(uid types.UID, token string) machine {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, known := c.tokens[token]; known && c.idempotent {
		if i := slices.IndexFunc(c.machines, func(m machine) bool { return m.id == id }); i >= 0 {
			return c.machines[i]
		}
		return machine{id: id, uid: uid, token: token} // it is gone; clouds say so later
	}
	c.count++
	m := machine{id: fmt.Sprintf("i-%03d", c.count), uid: uid, token: token, seen: time.Now().Add(appears / 2)}
	c.machines, c.tokens[token] = append(c.machines, m), m.id
	return m
}

func (c *cloud) find(_ context.Context, uid types.UID) ([]machine, error) {
	var takes time.Duration
	c.set(func(c *cloud) { takes = c.lookupTakes })
	time.Sleep(takes)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookups++
	var out []machine
	for _, m := range c.machines {
		if m.uid == uid && !time.Now().Before(m.seen) {
			out = append(out, m)
		}
	}
	return out, c.down
}

func (c *cloud) live(uid types.UID) []machine {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []machine
	for _, m := range c.machines {
		if m.uid == uid {
			out = append(out, m)
		}
	}
	return out
}

func (c *cloud) end(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.machines = slices.DeleteFunc(c.machines, func(m machine) bool { return m.id == id })
}
