module karpenter.sh/kwok

go 1.26.0

require karpenter.sh/core v0.0.0

replace karpenter.sh/core => ../core
