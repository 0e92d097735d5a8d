// SPDX-License-Identifier: Apache-2.0

// Package reasons finds in source code what users meet as the reason of a condition, of
// an event, of drift or of an error, so that tests can ask whether documentation tells of
// it. Only tests import it.
//
// It sees words that stand in the source, not those that are put together. Start reading
// at [InSource].
package reasons
