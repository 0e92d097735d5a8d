// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"karpenter.sh/test/internal/census"
	"karpenter.sh/test/internal/meter"
)

// inWords tells what the controller used, or why that is not known.
func inWords(used meter.Reading, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("peak memory %s, CPU %.2fs (%.2f cores in the mean)", census.Bytes(float64(used.PeakMemory)), used.CPU.Seconds(), used.Cores())
}
