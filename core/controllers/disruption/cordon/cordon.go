// SPDX-License-Identifier: Apache-2.0

package cordon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/objects/nodes"
	"karpenter.sh/core/reconcile/patch"
)

// ErrProtected says that the Node's annotation has come to forbid disruption.
var ErrProtected = errors.New("the node has come to forbid its disruption by annotation")

// Cordon writes the traces of commands. Safe for concurrent use.
type Cordon struct {
	// Client reads from the cache.
	Client client.Client
	// Live reads from the API server: what is read after a conflict.
	Live  client.Reader
	Clock clock.Clock
}

// Target is a machine.
type Target struct {
	// ID is the provider ID.
	ID string
	// Node and NodeClaim are the names of its objects; empty for none.
	Node, NodeClaim string
}

// Refs are the fields by which a log record names the objects (OPS-076).
func (t Target) Refs() []any {
	return []any{"Node", klog.KRef("", t.Node), "NodeClaim", klog.KRef("", t.NodeClaim)}
}

// Apply taints the Node and sets the condition, at the same time. An object that
// is gone or going counts as done.
func (c *Cordon) Apply(ctx context.Context, t Target, reason disrupt.Reason) error {
	return both(
		func() error { return c.onNode(ctx, t, taint) },
		func() error {
			return c.onNodeClaim(ctx, t, func(nodeClaim *v1.NodeClaim) error {
				nodeClaim.StatusConditions(status.WithClock(c.Clock)).
					SetTrueWithReason(v1.ConditionTypeDisruptionReason, string(reason), string(reason))
				return nil
			})
		},
	)
}

// Lift takes the taint and the condition back, at the same time. An object that
// is gone or going counts as done.
func (c *Cordon) Lift(ctx context.Context, t Target) error {
	return both(
		func() error { return c.onNode(ctx, t, untaint) },
		func() error {
			return c.onNodeClaim(ctx, t, func(nodeClaim *v1.NodeClaim) error {
				return nodeClaim.StatusConditions(status.WithObservedOnly()).Clear(v1.ConditionTypeDisruptionReason)
			})
		},
	)
}

// Marked reports whether one of the objects, either of which may be nil, carries
// the trace of a command.
func Marked(node *corev1.Node, nodeClaim *v1.NodeClaim) bool {
	return node != nil && nodes.HasTaint(node.Spec.Taints, v1.DisruptedTaint()) ||
		nodeClaim != nil && slices.ContainsFunc(nodeClaim.Status.Conditions, func(condition status.Condition) bool {
			return condition.Type == v1.ConditionTypeDisruptionReason
		})
}

func taint(node *corev1.Node) error {
	if node.Annotations[v1.DoNotDisruptAnnotationKey] == v1.LabelValueTrue { // DIS-032
		return fmt.Errorf("tainting node %s: %w", node.Name, ErrProtected)
	}
	if !nodes.HasTaint(node.Spec.Taints, v1.DisruptedTaint()) {
		node.Spec.Taints = append(node.Spec.Taints, v1.DisruptedTaint())
	}
	return nil
}

func untaint(node *corev1.Node) error {
	node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, nodes.SameTaint(v1.DisruptedTaint()))
	return nil
}

func (c *Cordon) onNode(ctx context.Context, t Target, change func(*corev1.Node) error) error {
	return c.write(ctx, t.Node, &corev1.Node{}, func(o client.Object) (client.Object, error) {
		node := o.(*corev1.Node)
		if node.Spec.ProviderID != t.ID {
			return nil, nil
		}
		after := node.DeepCopy()
		return after, change(after)
	})
}

func (c *Cordon) onNodeClaim(ctx context.Context, t Target, change func(*v1.NodeClaim) error) error {
	return c.write(ctx, t.NodeClaim, &v1.NodeClaim{}, func(o client.Object) (client.Object, error) {
		nodeClaim := o.(*v1.NodeClaim)
		if nodeClaim.Status.ProviderID != t.ID {
			return nil, nil
		}
		after := nodeClaim.DeepCopy()
		return after, change(after)
	})
}

// write reads the object of a name, of the kind of blank, changes it and stores
// what differs. A nil change leaves it alone. After a conflict it starts over from
// the API server's version.
func (c *Cordon) write(ctx context.Context, name string, blank client.Object, change func(client.Object) (client.Object, error)) error {
	if name == "" {
		return nil
	}
	var from client.Reader = c.Client
	err := retry.OnError(backoff(), worthRetrying, func() error {
		before := blank.DeepCopyObject().(client.Object)
		if err := from.Get(ctx, client.ObjectKey{Name: name}, before); err != nil {
			return fmt.Errorf("reading %T %s: %w", before, name, err)
		}
		from = c.Live
		if !before.GetDeletionTimestamp().IsZero() {
			return nil
		}
		after, err := change(before)
		if err != nil || after == nil {
			return err
		}
		return c.store(ctx, before, after)
	})
	return client.IgnoreNotFound(err)
}

func (c *Cordon) store(ctx context.Context, before, after client.Object) error {
	// DIS-032: the protection that was looked for must not have come since.
	unprotected := patch.If([]string{"metadata", "annotations", v1.DoNotDisruptAnnotationKey})
	if _, err := patch.Object(ctx, c.Client, before, after, unprotected); err != nil {
		return err
	}
	_, err := patch.Status(ctx, c.Client, before, after)
	return err
}

// backoff spreads four tries over half a second.
func backoff() wait.Backoff {
	return wait.Backoff{Steps: 4, Duration: 50 * time.Millisecond, Factor: 2, Jitter: 0.1}
}

func worthRetrying(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsTooManyRequests(err) || apierrors.IsInternalError(err)
}

// both runs two functions at the same time and returns what went wrong in
// either.
func both(a, b func() error) error {
	other := make(chan error, 1)
	go func() { other <- b() }()
	return errors.Join(a(), <-other)
}
