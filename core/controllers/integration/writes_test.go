// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/reconcile/patch"
)

var (
	foreignNodes  = flag.Int("foreign-nodes", 40, "how many nodes live and die beside a foreign writer")
	foreignAnswer = flag.Duration("foreign-answer", 100*time.Millisecond, "how long the API server takes to answer the controllers then")
)

// slow delays the answers to writes and counts them, by verb, kind and code.
type slow struct {
	next http.RoundTripper

	mu    sync.Mutex
	delay time.Duration
	seen  map[string]int
}

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	kind := kindOf(r.URL.Path)
	if r.Method == http.MethodGet || kind == "" || err != nil {
		return response, err
	}
	s.mu.Lock()
	s.seen[fmt.Sprintf("%s %s %d", r.Method, kind, response.StatusCode)]++
	delay := s.delay
	s.mu.Unlock()
	time.Sleep(delay)
	return response, nil
}

func kindOf(path string) string {
	for _, kind := range []string{"nodeclaims", "nodes"} {
		if strings.Contains(path, "/"+kind+"/") {
			return kind
		}
	}
	return ""
}

// take returns the requests so far and forgets them.
func (s *slow) take() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = map[string]int{}
	return seen
}

// LIF-004, LIF-263: a writer that touches every Node and NodeClaim twice a second
// neither holds anything up nor makes anything cost more.
func TestForeignWriter(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	s := &slow{delay: *foreignAnswer, seen: map[string]int{}}
	c := startThrough(t, func(config *rest.Config) {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { s.next = next; return s })
	}, 200)
	alone := c.live("alone", *foreignNodes, s)
	stop := c.foreignWriter()
	beside := c.live("beside", *foreignNodes, s)
	touches := stop()
	t.Logf("the foreign writer wrote %d times", touches)
	report(t, "alone", alone, *foreignNodes)
	report(t, "beside a foreign writer", beside, *foreignNodes)
	if touches == 0 {
		t.Error("nobody else wrote")
	}
	writes, conflicts := sum(beside)
	if limit := 12 * *foreignNodes; writes > limit {
		t.Errorf("%d writes for %d nodes, want at most %d", writes, *foreignNodes, limit)
	}
	if conflicts > *foreignNodes {
		t.Errorf("%d conflicts for %d nodes", conflicts, *foreignNodes)
	}
}

// live brings nodes up, registers and initializes them, and takes them down again.
// It returns the requests since the nodes appeared.
func (c *cluster) live(prefix string, count int, s *slow) map[string]int {
	c.t.Helper()
	began := time.Now()
	named := func(i int) *v1.NodeClaim { return newNodeClaim(fmt.Sprintf("%s-%03d", prefix, i)) }
	c.each(count, func(i int) error { return c.Create(c.t.Context(), named(i)) })
	c.eventually(2*time.Minute, "all launched", func() bool { return c.count(v1.ConditionTypeLaunched) >= count })
	launched := time.Since(began)
	report(c.t, prefix+", launch", s.take(), count)
	c.each(count, func(i int) error {
		nodeClaim := named(i)
		c.get(nodeClaim)
		return c.joinBesideOthers(nodeClaim)
	})
	c.eventually(2*time.Minute, "all ready", func() bool { return c.count(status.ConditionReady) >= count })
	ready := time.Since(began)
	c.each(count, func(i int) error { return c.Delete(c.t.Context(), named(i)) })
	c.eventually(4*time.Minute, "all gone", func() bool {
		var nodes corev1.NodeList
		c.check(c.List(c.t.Context(), &nodes))
		return len(nodes.Items) == 0 && c.tally(func(*v1.NodeClaim) bool { return true }) == 0
	})
	c.t.Logf("%s: %d nodes launched after %v, ready after %v, gone after %v", prefix, count, launched, ready, time.Since(began))
	return s.take()
}

// joinBesideOthers is join while others write the Node too.
func (c *cluster) joinBesideOthers(nodeClaim *v1.NodeClaim) error {
	node := fake.NodeFor(nodeClaim)
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	wanted := node.DeepCopy()
	if err := c.Create(c.t.Context(), node); err != nil {
		return err
	}
	if err := c.Status().Patch(c.t.Context(), wanted, client.MergeFrom(&corev1.Node{ObjectMeta: wanted.ObjectMeta})); err != nil {
		return err
	}
	return patch.Persist(c.t.Context(), c.Client, node, func(read *corev1.Node) error {
		after := read.DeepCopy()
		after.Spec.Taints = slices.DeleteFunc(after.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeNotReady })
		_, err := patch.Object(c.t.Context(), c.Client, read, after)
		return err
	})
}

// foreignWriter touches each Node and NodeClaim twice a second until it is stopped,
// and then tells how often it wrote.
func (c *cluster) foreignWriter() (stop func() int) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int)
	go func() {
		touches := 0
		for ctx.Err() == nil {
			began := time.Now()
			touches += c.touchAll(ctx, began)
			select {
			case <-time.After(500*time.Millisecond - time.Since(began)):
			case <-ctx.Done():
			}
		}
		done <- touches
	}()
	return func() int {
		cancel()
		return <-done
	}
}

// touchAll writes an annotation to each Node and NodeClaim, many at a time.
func (c *cluster) touchAll(ctx context.Context, at time.Time) int {
	beat := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"annotations":{"example.com/beat":%q}}}`, at.Format(time.RFC3339Nano)))
	var touches atomic.Int64
	var group errgroup.Group
	group.SetLimit(20)
	for _, kind := range []string{"Node", "NodeClaim"} {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind + "List"))
		if kind == "NodeClaim" {
			list.SetGroupVersionKind(v1.GroupVersion.WithKind(kind + "List"))
		}
		if c.List(ctx, list) != nil {
			continue
		}
		for i := range list.Items {
			group.Go(func() error {
				if c.Patch(ctx, &list.Items[i], beat) == nil {
					touches.Add(1)
				}
				return nil // the object may have gone since
			})
		}
	}
	_ = group.Wait() // nothing returns an error
	return int(touches.Load())
}

func report(t *testing.T, title string, seen map[string]int, nodes int) {
	t.Helper()
	writes, conflicts := sum(seen)
	t.Logf("%s: %.1f writes and %.2f conflicts per node", title, float64(writes)/float64(nodes), float64(conflicts)/float64(nodes))
	var lines []string
	for request, count := range seen {
		lines = append(lines, fmt.Sprintf("%-24s %.2f", request, float64(count)/float64(nodes)))
	}
	slices.Sort(lines)
	t.Logf("per node:\n%s", strings.Join(lines, "\n"))
}

// sum counts the writes and those of them that somebody else's write failed.
func sum(seen map[string]int) (writes, conflicts int) {
	for request, count := range seen {
		writes += count
		if strings.HasSuffix(request, "409") || strings.HasSuffix(request, "422") {
			conflicts += count
		}
	}
	return writes, conflicts
}
