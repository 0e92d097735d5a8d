module karpenter.sh/test

go 1.26.0

require (
	karpenter.sh/core v0.0.0
	karpenter.sh/kwok v0.0.0
)

replace (
	karpenter.sh/core => ../core
	karpenter.sh/kwok => ../kwok
)
