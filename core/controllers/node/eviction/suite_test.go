// SPDX-License-Identifier: Apache-2.0

package eviction_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/node/eviction"
)

// world is a node "a" under termination, with a NodeClaim.
type world struct {
	*fixture.World
	t     *testing.T
	queue *eviction.Queue
	work  workqueue.TypedRateLimitingInterface[eviction.Key]
	node  *corev1.Node
	// deletes are the grace periods of the pods that were deleted by force.
	deletes []int64
	// slow is set when deletions have no effect yet.
	slow bool
	// shown is what the cache shows of a pod whatever is stored; nil for that.
	shown *corev1.Pod
}

func setup(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized)
	node := fixture.Node(nodeClaim, fixture.DeletingNode(time.Now()))
	w := &world{World: fixture.New(t, append(objects, nodeClaim, node)...), t: t, node: node}
	w.work = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[eviction.Key]())
	t.Cleanup(w.work.ShutDown)
	watching := interceptor.NewClient(w.Client.(client.WithWatch), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if pod, ok := o.(*corev1.Pod); ok && w.shown != nil {
				w.shown.DeepCopyInto(pod)
				return nil
			}
			return c.Get(ctx, key, o, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			var options client.DeleteOptions
			options.ApplyOptions(opts)
			if options.GracePeriodSeconds != nil && options.Preconditions != nil && *options.Preconditions.UID == o.GetUID() {
				w.deletes = append(w.deletes, *options.GracePeriodSeconds)
			}
			if w.slow {
				return nil
			}
			return c.Delete(ctx, o, opts...)
		},
	})
	w.queue = eviction.New(eviction.Options{
		Client: watching, Clock: w.Clock, Recorder: w.Recorder, Nodes: w.Nodes, CPUMillis: 1000,
	})
	if err := w.queue.Start(t.Context(), w.work); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) submit(pod *corev1.Pod, deadline time.Time) {
	w.queue.Submit(w.node, deadline, pod)
}

func (w *world) attempt(pod *corev1.Pod) reconcile.Result {
	w.t.Helper()
	result, err := w.try(pod)
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) try(pod *corev1.Pod) (reconcile.Result, error) {
	return w.queue.Reconcile(w.t.Context(), eviction.KeyOf(pod))
}

// ready empties the work queue and returns how many pods were to be attempted.
func (w *world) ready() int { return len(w.turns()) }

// turns empties the work queue and returns the names of the pods that were to be
// attempted, in order.
func (w *world) turns() []string {
	var names []string
	for range w.work.Len() {
		key, _ := w.work.Get()
		w.work.Done(key)
		names = append(names, key.Name)
	}
	return names
}

// refused submits pods whose eviction a budget forbids for now.
func (w *world) refused(pods ...*corev1.Pod) {
	w.t.Helper()
	w.answer(coded(429, ""))
	for _, pod := range pods {
		w.submit(pod, time.Time{})
		w.attempt(pod)
	}
	w.answer(nil)
	w.ready()
}

// rises tells of a budget for all pods of the namespace that allows more.
func (w *world) rises(before, after int32) []string {
	budget := func(allowed int32) *policyv1.PodDisruptionBudget {
		return &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "b"},
			Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{}},
			Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed},
		}
	}
	change := event.TypedUpdateEvent[*policyv1.PodDisruptionBudget]{ObjectOld: budget(before), ObjectNew: budget(after)}
	w.queue.BudgetHandler().Update(w.t.Context(), change, w.work)
	return w.turns()
}

func (w *world) exists(pod *corev1.Pod) bool {
	return fixture.Exists(w.World, pod.DeepCopy())
}

// answer makes every eviction be answered with an error.
func (w *world) answer(err error) {
	w.Writes.Intercept(func(name string) error {
		if name == "create Pod eviction" {
			return err
		}
		return nil
	})
}

func (w *world) evictions(code string) float64 {
	return w.Metric("karpenter_pods_eviction_requests_total", map[string]string{"code": code})
}

func (w *world) drained(reason string) float64 {
	return w.Metric("karpenter_pods_drained_total", map[string]string{"reason": reason})
}

func coded(code int, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: int32(code), Message: message, Reason: reasonOf(code),
	}}
}

func reasonOf(code int) metav1.StatusReason {
	switch code {
	case http.StatusNotFound:
		return metav1.StatusReasonNotFound
	case http.StatusConflict:
		return metav1.StatusReasonConflict
	case http.StatusTooManyRequests:
		return metav1.StatusReasonTooManyRequests
	}
	return metav1.StatusReasonInternalError
}

var errTransport = errors.New("connection refused")

func grace(d time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		seconds := int64(d.Seconds())
		p.Spec.TerminationGracePeriodSeconds = &seconds
	}
}

func protected(value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: value} }
}
