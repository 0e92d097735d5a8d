// SPDX-License-Identifier: Apache-2.0

package failure

import "strings"

// QuotaGroup is the group of families that shares a vCPU quota with this type, for
// on-demand and spot alike: "standard", "g-vt", or the category itself, such as "p",
// "hpc" or one that is not known yet (AWS-441).
func QuotaGroup(instanceType string) string {
	end := strings.IndexFunc(instanceType, func(r rune) bool { return r < 'a' || r > 'z' })
	if end < 0 {
		end = len(instanceType)
	}
	switch category := instanceType[:end]; category {
	case "a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z":
		return "standard"
	case "g", "gr", "vt":
		return "g-vt"
	default:
		return category
	}
}
