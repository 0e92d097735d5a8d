// SPDX-License-Identifier: Apache-2.0

// Package podclass tells the kinds of pods apart that controllers treat
// differently, and translates pods into what draining decides on.
//
// Every function reads one pod and nothing else. Terms are those of SCH-005 and
// LIF-140.
package podclass
