// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// EKS is what of EKS is called.
type EKS interface {
	DescribeCluster(context.Context, *eks.DescribeClusterInput, ...func(*eks.Options)) (*eks.DescribeClusterOutput, error)
}

// Server is the API server as far as its version goes; discovery clients are one.
type Server interface {
	ServerVersionWithContext(context.Context) (*version.Info, error)
}

// Options are what a cluster is known by.
type Options struct {
	// Name of the cluster.
	Name string
	// Endpoint for nodes; empty: EKS is asked.
	Endpoint string
	// CABundle for nodes, PEM in base64; empty: what REST trusts.
	CABundle string
	// EKSVersion takes the version from EKS instead of Server.
	EKSVersion bool

	EKS    EKS
	Server Server
	// REST is how the controller reaches the cluster.
	REST *rest.Config
	// Reader reads past the cache, which is not there yet at the start.
	Reader client.Reader
	// Log takes what is no error.
	Log logr.Logger
}

// Cluster is what is known of the cluster. It is safe for concurrent use.
type Cluster struct {
	opts     Options
	endpoint string
	caBundle string
	dns      netip.Addr
	version  atomic.Pointer[string]

	// asking is held while EKS is asked, told is what it said; nil before.
	asking sync.Mutex
	told   atomic.Pointer[told]
}

// Discover learns what must be known before controllers start (AWS-002). Whatever it
// fails at ends the process; only a DNS service that is not there does not.
func Discover(ctx context.Context, o Options) (*Cluster, error) {
	c := &Cluster{opts: o, endpoint: o.Endpoint, caBundle: o.CABundle}
	if c.endpoint == "" {
		t, err := c.ask(ctx)
		if err != nil {
			return nil, fmt.Errorf("finding the endpoint of the cluster, as --cluster-endpoint is not set: %w", err)
		}
		if c.endpoint = t.endpoint; c.endpoint == "" {
			return nil, fmt.Errorf("cluster %s has no endpoint yet", o.Name)
		}
	}
	c.dns = c.findDNS(ctx)
	if err := c.Refresh(ctx); err != nil {
		return nil, err
	}
	if c.caBundle == "" {
		ca, err := trusted(o.REST)
		if err != nil {
			return nil, err
		}
		c.caBundle = ca
	}
	return c, nil
}

// trusted is the authority that the controller trusts, PEM in base64; empty if it trusts
// the system's.
func trusted(config *rest.Config) (string, error) {
	if config == nil {
		return "", nil
	}
	read := rest.CopyConfig(config)
	if err := rest.LoadTLSFiles(read); err != nil {
		return "", fmt.Errorf("reading the certificate authority of the cluster: %w", err)
	}
	return base64.StdEncoding.EncodeToString(read.CAData), nil
}

// Name of the cluster.
func (c *Cluster) Name() string { return c.opts.Name }

// Endpoint is the URL of the API server for nodes.
func (c *Cluster) Endpoint() string { return c.endpoint }

// CABundle is the authority of the API server for nodes, PEM in base64; empty if none is
// known.
func (c *Cluster) CABundle() string { return c.caBundle }

// DNS is the address of the cluster's DNS service; the zero value if it has none.
func (c *Cluster) DNS() netip.Addr { return c.dns }

// IPv6 reports whether the cluster's family is IPv6; without DNS address it is not
// (AWS-003).
func (c *Cluster) IPv6() bool { return c.dns.Is6() }
