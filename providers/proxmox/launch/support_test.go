// SPDX-License-Identifier: Apache-2.0

package launch_test

import (
	"net/netip"
	"time"
)

// undone is by when what was begun has ended.
const undone = 10 * time.Minute

// pool is that of the template.
func pool() netip.Prefix { return netip.MustParsePrefix("10.10.0.0/16") }

// bridge is the address of pve1 on it.
func bridge() netip.Prefix { return netip.MustParsePrefix("10.10.0.11/16") }
