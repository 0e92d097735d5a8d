// SPDX-License-Identifier: Apache-2.0

// Package options holds the settings that the AWS provider adds to the core's
// (AWS-001). It decides names, defaults and what is valid, and reads nothing: the core
// parses, and reports all violations of both together.
//
// It imports the core's options only. Start reading at [Options].
package options

import (
	"time"

	"karpenter.sh/core/operator/options"
)

// Options are the provider's settings. The zero value is not usable.
type Options struct {
	// ClusterName is in tags, IAM paths and DescribeCluster. Required.
	ClusterName string
	// ClusterEndpoint is the URL of the API server for nodes; empty: EKS is asked.
	ClusterEndpoint string
	// ClusterCABundle is the API server's authority for nodes, PEM in base64; empty:
	// the one that the controller itself trusts.
	ClusterCABundle string
	// IsolatedVPC: the price API and IAM cannot be reached (AWS-094, AWS-343). Default
	// false.
	IsolatedVPC bool
	// EKSControlPlane takes the Kubernetes version from EKS. Default false.
	EKSControlPlane bool
	// VMMemoryOverheadPercent is the share of a type's memory that nodes do not see, a
	// fraction. Default 0.075.
	VMMemoryOverheadPercent float64
	// InterruptionQueue is the name of an SQS queue; empty: none is read.
	InterruptionQueue string
	// ReservedENIs are network interfaces that pods get none of. Default 0.
	ReservedENIs int
	// DisableDryRun skips the dry run of a NodeClass (AWS-088). Default false.
	DisableDryRun bool
	// EnableZonalShift follows zonal shifts of ARC. Default false.
	EnableZonalShift bool
	// AMIRefreshInterval and SubnetRefreshInterval are how long resolved images and
	// subnets are believed. Default and least 1 min.
	AMIRefreshInterval, SubnetRefreshInterval time.Duration
	// FeatureGates of the provider.
	FeatureGates FeatureGates
	// PriceFile is the path of the user's own prices; empty: there are none (AWS-446).
	PriceFile string
	// PricePerVCPU, PricePerGiB and PricePerAccelerator are what an hour is estimated by
	// where no price is known, in the region's currency (AWS-233). Defaults 0.034, 0.004
	// and 1.
	PricePerVCPU, PricePerGiB, PricePerAccelerator float64
}

// FeatureGates switch optional features of the provider.
type FeatureGates struct {
	// NodeClassCEL allows expressions in spec.kubelet (AWS-023). Default false.
	NodeClassCEL bool
}

// Declare adds the settings to the flags of a binary.
func (o *Options) Declare(s *options.Set) {
	o.declareCluster(s)
	o.declareNodes(s)
	o.declareFeatures(s)
	o.declarePrices(s)
}
