// SPDX-License-Identifier: Apache-2.0

package options

import (
	"encoding/base64"
	"errors"
	"time"

	"karpenter.sh/core/operator/options"
)

func (o *Options) declareCluster(s *options.Set) {
	s.String(&o.ClusterName, options.Option[string]{
		Name: "cluster-name", Env: "CLUSTER_NAME", Check: required,
		Usage: "Name of the cluster, in tags, IAM paths and calls to EKS. Required.",
	})
	s.String(&o.ClusterEndpoint, options.Option[string]{
		Name: "cluster-endpoint", Env: "CLUSTER_ENDPOINT", Check: options.AbsoluteURL,
		Usage: "URL of the API server for nodes. Empty means that EKS is asked.",
	})
	s.String(&o.ClusterCABundle, options.Option[string]{
		Name: "cluster-ca-bundle", Env: "CLUSTER_CA_BUNDLE", Check: base64Text,
		Usage: "Certificate authority of the API server for nodes, PEM in base64. Empty means the one that Karpenter itself trusts.",
	})
	s.Bool(&o.IsolatedVPC, options.Option[bool]{
		Name: "isolated-vpc", Env: "ISOLATED_VPC",
		Usage: "Make no calls to services that cannot be reached from a VPC without internet: the price list, and IAM to clean up.",
	})
	s.Bool(&o.EKSControlPlane, options.Option[bool]{
		Name: "eks-control-plane", Env: "EKS_CONTROL_PLANE",
		Usage: "Take the Kubernetes version from EKS instead of the API server.",
	})
}

func (o *Options) declareNodes(s *options.Set) {
	s.Float64(&o.VMMemoryOverheadPercent, options.Option[float64]{
		Name: "vm-memory-overhead-percent", Env: "VM_MEMORY_OVERHEAD_PERCENT", Default: 0.075, Check: notNegative[float64],
		Usage: "Share of an instance's memory that the node does not see, as a fraction.",
	})
	s.Int(&o.ReservedENIs, options.Option[int]{
		Name: "reserved-enis", Env: "RESERVED_ENIS", Check: notNegative[int],
		Usage: "Network interfaces of an instance that no pods get addresses from.",
	})
	s.Duration(&o.AMIRefreshInterval, options.Option[time.Duration]{
		Name: "ami-refresh-interval", Env: "AMI_REFRESH_INTERVAL", Default: time.Minute, Check: aMinute,
		Usage: "How long resolved images are believed, at least a minute.",
	})
	s.Duration(&o.SubnetRefreshInterval, options.Option[time.Duration]{
		Name: "subnet-refresh-interval", Env: "SUBNET_REFRESH_INTERVAL", Default: time.Minute, Check: aMinute,
		Usage: "How long resolved subnets are believed, at least a minute.",
	})
}

func (o *Options) declareFeatures(s *options.Set) {
	s.String(&o.InterruptionQueue, options.Option[string]{
		Name: "interruption-queue", Env: "INTERRUPTION_QUEUE",
		Usage: "Name of the SQS queue with notices of interruption. Empty means none.",
	})
	s.Bool(&o.DisableDryRun, options.Option[bool]{
		Name: "disable-dry-run", Env: "DISABLE_DRY_RUN",
		Usage: "Do not check by dry runs whether a NodeClass can launch.",
	})
	s.Bool(&o.EnableZonalShift, options.Option[bool]{
		Name: "enable-zonal-shift", Env: "ENABLE_ZONAL_SHIFT",
		Usage: "Launch nothing in zones that a zonal shift of ARC moves the cluster away from.",
	})
	s.Gates(options.Option[string]{
		Name: "aws-feature-gates", Env: "AWS_FEATURE_GATES",
		Usage: "Optional features of the AWS provider as Gate=bool pairs separated by commas.",
	}, options.Gate{
		Name: "NodeClassCEL", Target: &o.FeatureGates.NodeClassCEL, Stage: options.Alpha,
		Usage: "Allow expressions in spec.kubelet of EC2NodeClasses.",
	})
}

func (o *Options) declarePrices(s *options.Set) {
	s.String(&o.PriceFile, options.Option[string]{
		Name: "price-file", Env: "PRICE_FILE",
		Usage: "YAML or JSON file with prices and discounts of your own. It is read again when it changes. Empty means none.",
	})
	s.Float64(&o.PricePerVCPU, options.Option[float64]{
		Name: "price-per-vcpu", Env: "PRICE_PER_VCPU", Default: 0.034, Check: positive,
		Usage: "What a vCPU costs per hour, for estimates where no price is known, in the currency of the region.",
	})
	s.Float64(&o.PricePerGiB, options.Option[float64]{
		Name: "price-per-gib", Env: "PRICE_PER_GIB", Default: 0.004, Check: notNegative[float64],
		Usage: "What a GiB of memory costs per hour, for estimates.",
	})
	s.Float64(&o.PricePerAccelerator, options.Option[float64]{
		Name: "price-per-accelerator", Env: "PRICE_PER_ACCELERATOR", Default: 1, Check: notNegative[float64],
		Usage: "What a GPU or other accelerator costs per hour, for estimates.",
	})
}

func required(text string) error {
	if text == "" {
		return errors.New("must be set")
	}
	return nil
}

func base64Text(text string) error {
	if _, err := base64.StdEncoding.DecodeString(text); err != nil {
		return errors.New("must be base64")
	}
	return nil
}

func notNegative[N int | float64](n N) error {
	if n < 0 {
		return errors.New("must not be negative")
	}
	return nil
}

func positive(n float64) error {
	if n <= 0 {
		return errors.New("must be greater than 0")
	}
	return nil
}

func aMinute(d time.Duration) error {
	if d < time.Minute {
		return errors.New("must be at least 1m")
	}
	return nil
}
