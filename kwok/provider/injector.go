// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/pause"
	"karpenter.sh/kwok/apis/v1alpha1"
)

var errInjected = errors.New("injected failure")

// injector provokes failures. Disabled, it does nothing and reads nothing.
type injector struct {
	enabled bool
	clock   clock.Clock
	random  func() float64

	mu sync.Mutex
	// logged is, by NodeClass, what was last said to be ignored.
	logged map[string]string
	// ends is when machines under termination are gone, by provider ID.
	ends map[string]time.Time
}

// read returns what a NodeClass provokes now. What is ignored is logged once.
func (i *injector) read(ctx context.Context, nodeClass *v1alpha1.KWOKNodeClass) injection {
	if !i.enabled {
		return injection{}
	}
	injected, ignored := readInjection(nodeClass.Annotations)
	if text := strings.Join(ignored, ", "); i.changed(nodeClass.Name, text) && text != "" {
		log.FromContext(ctx).Info("ignoring annotations that provoke no failure", "KWOKNodeClass", client.ObjectKey{Name: nodeClass.Name}, "annotations", text)
	}
	return injected
}

func (i *injector) changed(nodeClass, text string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.logged[nodeClass] == text {
		return false
	}
	if i.logged == nil {
		i.logged = map[string]string{}
	}
	i.logged[nodeClass] = text
	return true
}

// delay takes the injected latency.
func (i *injector) delay(ctx context.Context, injected injection) error {
	if injected.latency <= 0 {
		return nil
	}
	if !pause.For(ctx, i.clock, injected.latency) {
		return fmt.Errorf("waiting for the injected latency: %w", ctx.Err())
	}
	return nil
}

// delayAll takes the longest latency that any NodeClass injects, for an
// operation that is about all machines.
func (i *injector) delayAll(ctx context.Context, reader client.Reader) error {
	if !i.enabled {
		return nil
	}
	var list v1alpha1.KWOKNodeClassList
	if err := reader.List(ctx, &list); err != nil {
		return fmt.Errorf("listing KWOKNodeClasses: %w", err)
	}
	var longest injection
	for n := range list.Items {
		longest.latency = max(longest.latency, i.read(ctx, &list.Items[n]).latency)
	}
	return i.delay(ctx, longest)
}

// fail returns the injected error of a launch, for the injected share of them.
func (i *injector) fail(injected injection) error {
	if injected.createError == "" || i.random() >= injected.createErrorRate {
		return nil
	}
	switch injected.createError {
	case failCapacity:
		return cloudprovider.NewInsufficientCapacityError(errInjected)
	case failNotReady:
		return cloudprovider.NewNodeClassNotReadyError(errInjected)
	case failCreate:
		return cloudprovider.NewCreateError(errInjected, "InjectedFailure", errInjected.Error())
	}
	return errInjected
}

// terminating reports whether a machine takes longer to go; asking begins its
// termination.
func (i *injector) terminating(providerID string, delay time.Duration) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	end, begun := i.ends[providerID]
	if !begun {
		end = i.clock.Now().Add(delay)
	}
	if delay <= 0 || !i.clock.Now().Before(end) {
		delete(i.ends, providerID)
		return false
	}
	if i.ends == nil {
		i.ends = map[string]time.Time{}
	}
	i.ends[providerID] = end
	return true
}

// marked gives a machine under injected termination its deletion timestamp.
func (i *injector) marked(machine *v1.NodeClaim) *v1.NodeClaim {
	i.mu.Lock()
	defer i.mu.Unlock()
	if end, ok := i.ends[machine.Status.ProviderID]; ok && machine.DeletionTimestamp.IsZero() {
		machine.DeletionTimestamp = &metav1.Time{Time: end}
	}
	return machine
}

// injectedBy returns what a NodeClass provokes; nothing if there is none.
func (p *Provider) injectedBy(ctx context.Context, name string) (injection, error) {
	if !p.injector.enabled {
		return injection{}, nil
	}
	nodeClass, err := p.nodeClass(ctx, name)
	if err != nil {
		return injection{}, err
	}
	return p.injector.read(ctx, nodeClass), nil
}

// injectedInto returns what is provoked on a NodeClaim, or on a description of
// one, which knows its NodeClass by label.
func (p *Provider) injectedInto(ctx context.Context, nodeClaim *v1.NodeClaim) (injection, error) {
	name := nodeClaim.Spec.NodeClassRef.Name
	if name == "" {
		name = nodeClaim.Labels[v1alpha1.LabelNodeClass]
	}
	return p.injectedBy(ctx, name)
}

// nodeClass reads a NodeClass; a missing one is empty.
func (p *Provider) nodeClass(ctx context.Context, name string) (*v1alpha1.KWOKNodeClass, error) {
	nodeClass := &v1alpha1.KWOKNodeClass{}
	err := p.opts.Client.Get(ctx, client.ObjectKey{Name: name}, nodeClass)
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("getting KWOKNodeClass %s: %w", name, err)
	}
	return nodeClass, nil
}
