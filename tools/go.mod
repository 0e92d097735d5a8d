module karpenter.sh/tools

go 1.26.0
