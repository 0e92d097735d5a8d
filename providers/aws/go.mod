module karpenter.sh/providers/aws

go 1.26.0

require (
	karpenter.sh/core v0.0.0
	karpenter.sh/test/cloudsim v0.0.0
)

replace (
	karpenter.sh/core => ../../core
	karpenter.sh/test/cloudsim => ../../test/cloudsim
)
