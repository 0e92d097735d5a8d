// SPDX-License-Identifier: Apache-2.0

// Package nodestate reads what controllers of several families want to know of
// one Node. Every function looks at the object it is given and nothing else.
package nodestate
