// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// told is what of EKS's answer never changes.
type told struct{ endpoint, arn, cidr string }

// ServiceCIDR is the range of the cluster's services. It is asked for when it is first
// needed and kept for ever after (AWS-005).
func (c *Cluster) ServiceCIDR(ctx context.Context) (string, error) {
	t, err := c.ask(ctx)
	if err != nil {
		return "", fmt.Errorf("finding the service range of the cluster: %w", err)
	}
	if t.cidr == "" {
		return "", fmt.Errorf("cluster %s tells no service range", c.opts.Name)
	}
	return t.cidr, nil
}

// ARN is the cluster's, asked for and kept like ServiceCIDR.
func (c *Cluster) ARN(ctx context.Context) (string, error) {
	t, err := c.ask(ctx)
	if err != nil {
		return "", fmt.Errorf("finding the ARN of the cluster: %w", err)
	}
	return t.arn, nil
}

// ask returns what EKS once said. An answer without range is not kept: the cluster is
// still being made.
func (c *Cluster) ask(ctx context.Context) (*told, error) {
	if t := c.told.Load(); t != nil {
		return t, nil
	}
	c.asking.Lock() // many wait for one answer
	defer c.asking.Unlock()
	if t := c.told.Load(); t != nil {
		return t, nil
	}
	out, err := c.describe(ctx)
	if err != nil {
		return nil, err
	}
	t := &told{endpoint: aws.ToString(out.Endpoint), arn: aws.ToString(out.Arn)}
	if network := out.KubernetesNetworkConfig; network != nil {
		if t.cidr = aws.ToString(network.ServiceIpv4Cidr); t.cidr == "" {
			t.cidr = aws.ToString(network.ServiceIpv6Cidr)
		}
	}
	if t.cidr != "" && t.endpoint != "" {
		c.told.Store(t)
	}
	return t, nil
}

func (c *Cluster) describe(ctx context.Context) (*types.Cluster, error) {
	out, err := c.opts.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &c.opts.Name})
	if err == nil && out.Cluster == nil {
		err = errors.New("the answer is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("describing cluster %s: %w", c.opts.Name, err)
	}
	return out.Cluster, nil
}
