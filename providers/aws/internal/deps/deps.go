// SPDX-License-Identifier: Apache-2.0

// Package deps keeps modules in go.mod until what imports them is there.
package deps

import (
	_ "cel.dev/cel-go/cel"
	_ "github.com/aws/aws-sdk-go-v2/config"
	_ "github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	_ "github.com/aws/aws-sdk-go-v2/service/arczonalshift"
	_ "github.com/aws/aws-sdk-go-v2/service/ec2"
	_ "github.com/aws/aws-sdk-go-v2/service/eks"
	_ "github.com/aws/aws-sdk-go-v2/service/iam"
	_ "github.com/aws/aws-sdk-go-v2/service/pricing"
	_ "github.com/aws/aws-sdk-go-v2/service/sqs"
	_ "github.com/aws/aws-sdk-go-v2/service/ssm"
	_ "github.com/aws/smithy-go/middleware"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/prometheus/client_golang/prometheus"
	_ "pgregory.net/rapid"
	_ "sigs.k8s.io/controller-runtime/pkg/envtest"

	_ "karpenter.sh/core/cloudprovider/conformance"
	_ "karpenter.sh/core/operator"
	_ "karpenter.sh/core/testkit/testserver"
	_ "karpenter.sh/test/cloudsim/aws"
	_ "karpenter.sh/test/cloudsim/kube"
	_ "karpenter.sh/test/cloudsim/serve"
)
