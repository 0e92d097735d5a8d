// SPDX-License-Identifier: Apache-2.0

package simcloud_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"karpenter.sh/test/internal/simcloud"
)

// found is the cloud of a cluster whose control API answers so.
func found(t *testing.T, answers map[string]string) *simcloud.Cloud {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.RequestURI()]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	state := fmt.Sprintf(`{"name": "c1", "cloud": {"controlURL": %q}}`, server.URL)
	if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(state), 0o600); err != nil {
		t.Fatal(err)
	}
	cloud, err := simcloud.Find(filepath.Join(dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	return cloud
}

func TestFaulted(t *testing.T) {
	cloud := found(t, map[string]string{
		"/v1/state":           `{"requests": 7, "time": "2026-01-01T00:00:00Z"}`,
		"/v1/journal?after=7": `[{"number": 8, "fault": "POST *clone"}, {"number": 9}, {"number": 10, "fault": "slow"}]`,
	})
	after, err := cloud.Requests(t.Context())
	if err != nil || after != 7 {
		t.Fatalf("got request %d, %v; want 7", after, err)
	}
	rules, err := cloud.Faulted(t.Context(), after)
	if want := []string{"POST *clone", "slow"}; err != nil || !slices.Equal(rules, want) {
		t.Errorf("got %q, %v; want %q", rules, err, want)
	}
	if _, err := cloud.Faulted(t.Context(), 8); err == nil {
		t.Error("a cloud that refuses is no cloud without faults")
	}
}
