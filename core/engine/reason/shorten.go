// SPDX-License-Identifier: Apache-2.0

package reason

import (
	"fmt"
	"strings"
)

// Shorten names the first so many, and how many more there are (OPS-081).
func Shorten(names []string, most int) string {
	switch more := len(names) - most; {
	case more <= 0:
		return strings.Join(names, ", ")
	case more == 1:
		return strings.Join(names[:most], ", ") + " and 1 other"
	default:
		return fmt.Sprintf("%s and %d others", strings.Join(names[:most], ", "), more)
	}
}
