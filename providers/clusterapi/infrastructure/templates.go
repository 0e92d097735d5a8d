// SPDX-License-Identifier: Apache-2.0

// Package infrastructure reads what infrastructure templates say of machines (CAPI-019).
//
// It decides when to read: a template is asked for when a deployment that refers to it is,
// and kept for minutes. Nothing is asked of a cluster that is known not to answer. A template
// that is not there, or that nobody may read, says nothing, which is no error. One that could
// not be read for another reason is an error until it was read once: what is not known must
// not look as if it were not there. What a template said is believed until it says something
// else, for NodeClaims drift whose type is gone (CAPI-061). It knows no kind of template, and
// writes nothing.
//
// Start reading at [Templates.Of].
package infrastructure

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/apis/lenient"
	"karpenter.sh/core/cloudprovider/kit/cache"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
)

const (
	// keptFor is how long an answer is believed.
	keptFor = 5 * time.Minute
	// patience bounds one read.
	patience = 10 * time.Second
	// most is how many templates are remembered: more than there are, since one that was
	// forgotten is not believed any more.
	most = 100_000
)

// Options are what Templates are read with; all but Metrics are required.
type Options struct {
	// Client reads objects of any kind past a cache.
	Client client.Client
	// Renew makes another such client, which has not found out yet what kinds there are.
	Renew func() (client.Client, error)
	// Reachable returns why the cluster does not answer; nil if it does. It calls nobody.
	Reachable func(context.Context) error
	Clock     clock.PassiveClock
	// Stale is told that what was read before is used because the template cannot be.
	Stale   func(template string, age time.Duration, err error)
	Metrics *cache.Metrics
}

// Templates are the infrastructure templates of deployments. They are safe for concurrent
// use. Close them.
type Templates struct {
	opts  Options
	known *cache.Cache[template, instancetype.Facts]

	mu     sync.Mutex
	client client.Client
}

// template names one.
type template struct {
	kind            schema.GroupKind
	namespace, name string
}

func (t template) String() string { return fmt.Sprintf("%s %s/%s", t.kind, t.namespace, t.name) }

// New returns Templates of which none was read.
func New(o Options) *Templates {
	t := &Templates{opts: o, client: o.Client}
	t.known = cache.New(cache.Options{
		Name: "infrastructure_templates", TTL: keptFor, Timeout: patience, MaxEntries: most, Clock: o.Clock, Random: rand.Float64, Metrics: o.Metrics,
	}, cache.Source[template, instancetype.Facts]{
		Load:  t.load,
		Stale: func(key template, age time.Duration, err error) { o.Stale(key.String(), age, err) },
	})
	return t
}

// Of returns what the template of a deployment says; nothing if it has none, or none that
// can be read. While the cluster does not answer it waits for nothing (CAPI-010).
func (t *Templates) Of(ctx context.Context, d *capi.MachineDeployment) (instancetype.Facts, error) {
	ref := d.Spec.Template.Spec.InfrastructureRef
	if ref.Kind == "" || ref.Name == "" {
		return instancetype.Facts{}, nil
	}
	key := template{schema.GroupKind{Group: groupOf(ref), Kind: ref.Kind}, d.Namespace, ref.Name}
	if err := t.opts.Reachable(ctx); err != nil {
		if last, known := t.known.Peek(key); known {
			return last.Value, nil
		}
		return instancetype.Facts{}, fmt.Errorf("reading infrastructure template %s: %w", key, err)
	}
	return t.known.Get(ctx, key)
}

// groupOf is the API group, which each version of Cluster API tells in its own way.
func groupOf(ref capi.InfrastructureRef) string {
	if ref.APIGroup != "" {
		return ref.APIGroup
	}
	group, _, _ := strings.Cut(ref.APIVersion, "/")
	return group
}

// Close ends reads under way.
func (t *Templates) Close() { t.known.Close() }

// absent reports whether an error is that there is nothing to be read, as far as we are
// concerned.
func absent(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.IsForbidden(err) || meta.IsNoMatchError(err)
}

// load reads a template. One that is not to be read any more says what it said last.
func (t *Templates) load(ctx context.Context, key template) (instancetype.Facts, error) {
	said, err := t.read(ctx, key)
	if absent(err) {
		last, _ := t.known.Peek(key)
		return last.Value, nil
	}
	return said, err
}

// read asks for a template, in the version that the cluster prefers. That may be another one
// since kinds were looked up: then they are looked up anew.
func (t *Templates) read(ctx context.Context, key template) (instancetype.Facts, error) {
	t.mu.Lock()
	asked := t.client
	t.mu.Unlock()
	facts, err := readWith(ctx, asked, key)
	if !unserved(err) {
		return facts, err
	}
	fresh, err := t.renewed(asked)
	if err != nil {
		return instancetype.Facts{}, fmt.Errorf("looking up anew the kind of infrastructure template %s: %w", key, err)
	}
	return readWith(ctx, fresh, key)
}

// renewed replaces a client, unless somebody else has.
func (t *Templates) renewed(stale client.Client) (client.Client, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client != stale {
		return t.client, nil
	}
	fresh, err := t.opts.Renew()
	if err != nil {
		return nil, err
	}
	t.client = fresh
	return fresh, nil
}

// unserved reports whether it is the path that the server does not know, rather than the
// object: the answer is then no Status of the API.
func unserved(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

func readWith(ctx context.Context, c client.Client, key template) (instancetype.Facts, error) {
	kind, err := kindOf(ctx, c.RESTMapper(), key.kind)
	if err != nil {
		return instancetype.Facts{}, fmt.Errorf("finding the kind of infrastructure template %s: %w", key, err)
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	if err := c.Get(ctx, client.ObjectKey{Namespace: key.namespace, Name: key.name}, object); err != nil {
		return instancetype.Facts{}, fmt.Errorf("reading infrastructure template %s: %w", key, err)
	}
	return said(object), nil
}

// kindOf looks up the version of a kind. A mapper takes no context and serves one caller at
// a time, so whoever waits for it leaves when the context ends.
func kindOf(ctx context.Context, mapper meta.RESTMapper, kind schema.GroupKind) (schema.GroupVersionKind, error) {
	type answer struct {
		mapping *meta.RESTMapping
		err     error
	}
	answers := make(chan answer, 1)
	go func() {
		mapping, err := mapper.RESTMapping(kind)
		answers <- answer{mapping, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return schema.GroupVersionKind{}, a.err
		}
		return a.mapping.GroupVersionKind, nil
	case <-ctx.Done():
		return schema.GroupVersionKind{}, context.Cause(ctx)
	}
}

// said is what a template says in its status. What cannot be read there is not said.
func said(object *unstructured.Unstructured) instancetype.Facts {
	var out instancetype.Facts
	capacity, _, _ := unstructured.NestedMap(object.Object, "status", "capacity")
	for name, value := range capacity {
		quantity, err := lenient.ParseQuantity(fmt.Sprint(value))
		if err != nil || quantity.Sign() < 0 {
			continue
		}
		if out.Capacity == nil {
			out.Capacity = corev1.ResourceList{}
		}
		out.Capacity[corev1.ResourceName(name)] = quantity
	}
	out.Architecture, _, _ = unstructured.NestedString(object.Object, "status", "nodeInfo", "architecture")
	out.OS, _, _ = unstructured.NestedString(object.Object, "status", "nodeInfo", "operatingSystem")
	return out
}
