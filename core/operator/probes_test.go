// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// waiting is a manager with a cache that does not sync by itself.
type waiting struct {
	manager.Manager
	cache *unsynced
}

// GetCache implements manager.Manager.
func (w waiting) GetCache() cache.Cache { return w.cache }

type unsynced struct {
	cache.Cache
	synced bool
}

// WaitForCacheSync blocks as the real one does.
func (u *unsynced) WaitForCacheSync(ctx context.Context) bool {
	if !u.synced {
		<-ctx.Done()
	}
	return u.synced
}

// OPS-068, OPS-070: a probe of caches that do not sync is answered, with 503,
// though whoever asks would wait for ever; checks of providers count too.
func TestReadinessDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := waiting{cache: &unsynced{}}
		m := &probedManager{Manager: w, healthy: map[string]healthz.Checker{"healthz": alive}, ready: map[string]healthz.Checker{}}
		if err := m.AddReadyzCheck("manager", check{"manager", m.synced}.withhold(logr.Discard())); err != nil {
			t.Fatal(err)
		}
		ask := func(path string) int {
			answer := httptest.NewRecorder()
			m.handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
			return answer.Code
		}
		for path, want := range map[string]int{"/readyz": 503, "/readyz/manager": 503, "/readyz?exclude=manager": 200, "/healthz": 200} {
			if got := ask(path); got != want {
				t.Errorf("%s before the caches have synced: %d", path, got)
			}
		}
		w.cache.synced = true
		if got := ask("/readyz"); got != 200 {
			t.Errorf("after: %d", got)
		}
		w.cache.synced = false
		if got := ask("/readyz"); got != 200 {
			t.Errorf("when the leader has started another cache: %d", got)
		}
		if err := m.AddReadyzCheck("provider", func(*http.Request) error { return errors.New("not yet") }); err != nil {
			t.Fatal(err)
		}
		if got := ask("/readyz"); got != 503 {
			t.Errorf("with a provider that is not ready: %d", got)
		}
	})
}
