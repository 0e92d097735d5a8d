// SPDX-License-Identifier: Apache-2.0

// Package signals lists what users see of the provider beside conditions, and beside what the
// core and the kit show: its events. It decides nothing; who publishes them is told by their
// names.
//
// Start reading at [Events].
package signals
