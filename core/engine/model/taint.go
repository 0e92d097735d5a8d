// SPDX-License-Identifier: Apache-2.0

package model

import "karpenter.sh/core/engine/taint"

// Names of package taint that belong to the model.
type (
	Taint              = taint.Taint
	Effect             = taint.Effect
	Toleration         = taint.Toleration
	Tolerations        = taint.Tolerations
	TolerationOperator = taint.TolerationOperator
)

// Effects and operators of package taint.
const (
	NoSchedule       = taint.NoSchedule
	PreferNoSchedule = taint.PreferNoSchedule
	NoExecute        = taint.NoExecute
	TolerateEqual    = taint.TolerateEqual
	TolerateExists   = taint.TolerateExists
)
