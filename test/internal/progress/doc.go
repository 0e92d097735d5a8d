// SPDX-License-Identifier: Apache-2.0

// Package progress shows how far something is: on one line that is written over
// again and again, or, where there is no terminal, on a new line now and then.
//
// It decides when to write; what is shown and what time it is are the caller's.
// Start reading at [Display].
package progress
