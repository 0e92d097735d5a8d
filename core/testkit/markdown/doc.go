// SPDX-License-Identifier: Apache-2.0

// Package markdown reads what tests check of documentation: the blocks of code, the
// code within sentences, the links and the anchors of a page, as GitHub shows them.
// Only tests import it.
//
// It judges nothing, and follows no link. Start reading at [Parse]; [Section] is for
// what needs no parsing.
package markdown
