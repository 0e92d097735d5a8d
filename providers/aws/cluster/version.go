// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/reconcile/concurrency"
)

const (
	// MinMinor is the least supported Kubernetes version, 1.26.
	MinMinor = 26
	// MaxMinor is the greatest, 1.36.
	MaxMinor = 36

	// ControllerName is the name of the version's controller in logs and metrics.
	ControllerName = "providers.version"
	// Every is how often the version is refreshed (AWS-004).
	Every = 5 * time.Minute
)

// Version is the cluster's Kubernetes version, such as "1.34".
func (c *Cluster) Version() string { return *c.version.Load() }

// Refresh reads the version anew; after an error the former one stays (AWS-004). A
// version that is not supported is logged when it is first seen, and is no error:
// provisioning continues.
func (c *Cluster) Refresh(ctx context.Context) error {
	text, err := c.readVersion(ctx)
	if err != nil {
		return err
	}
	found := majorMinor.FindStringSubmatch(text)
	if found == nil {
		return fmt.Errorf("the cluster's Kubernetes version %q is none", text)
	}
	version := found[1] + "." + found[2]
	if known := c.version.Swap(&version); known != nil && *known == version {
		return nil
	}
	if !supported(found[1], found[2]) {
		c.opts.Log.Error(nil, "the cluster's Kubernetes version is not supported", "version", version,
			"supported", fmt.Sprintf("1.%d to 1.%d", MinMinor, MaxMinor))
	}
	return nil
}

// majorMinor leaves out what vendors append to the minor version, such as "+".
var majorMinor = regexp.MustCompile(`^(\d+)\.(\d+)`)

func supported(major, minor string) bool {
	n, err := strconv.Atoi(minor)
	return err == nil && major == "1" && MinMinor <= n && n <= MaxMinor
}

func (c *Cluster) readVersion(ctx context.Context) (string, error) {
	if c.opts.EKSVersion {
		out, err := c.describe(ctx)
		if err != nil {
			return "", fmt.Errorf("reading the Kubernetes version: %w", err)
		}
		return aws.ToString(out.Version), nil
	}
	info, err := c.opts.Server.ServerVersionWithContext(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the Kubernetes version of the API server: %w", err)
	}
	return info.Major + "." + info.Minor, nil
}

// Controller refreshes the version of a cluster.
type Controller struct{ cluster *Cluster }

// NewController returns the controller providers.version.
func NewController(c *Cluster) *Controller { return &Controller{cluster: c} }

// Register adds the controller to a manager. It runs on every replica: one that takes
// over must not resolve images of a version that the cluster had when it began to wait,
// since every node would be drifted by them.
func (c *Controller) Register(_ context.Context, m manager.Manager) error {
	options := concurrency.Loop(Every)
	options.NeedLeaderElection = new(false)
	return builder.ControllerManagedBy(m).
		Named(ControllerName).
		WatchesRawSource(singleton.Source()).
		WithOptions(options).
		Complete(singleton.AsReconciler(c))
}

// Reconcile refreshes once.
func (c *Controller) Reconcile(ctx context.Context) (reconciler.Result, error) {
	if err := c.cluster.Refresh(ctx); err != nil {
		return reconciler.Result{}, err
	}
	return reconciler.Result{RequeueAfter: Every}, nil
}
