// SPDX-License-Identifier: Apache-2.0

// Package signals lists what users see of the provider beside conditions: its events and
// its metrics. It decides nothing; who publishes them is told by their names.
//
// Start reading at events.go.
package signals
