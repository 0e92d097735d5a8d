// SPDX-License-Identifier: Apache-2.0

// Package options holds what can be set from outside when the process starts:
// every flag and environment variable of the core, and the flag set that
// providers add theirs to.
//
// It decides which source wins (flag, then environment variable, then default,
// OPS-001), what counts as a valid value, and what feature gates and the
// scheduler configuration mean. It never reads the process: arguments and
// environment are passed in, so the same input gives the same [Options]. It
// logs nothing; what was replaced by a default comes back as a warning.
//
// Vocabulary: a [Set] is all flags of one binary; an [Option] declares one of
// them; lenient types (numbers, durations, booleans) fall back to the default
// when an environment variable cannot be read, strings do not.
//
// Invariants: each flag and each environment variable is declared once, or
// parsing fails (OPS-009). Checks see the final value only, so a bad variable
// that a flag overrides does no harm. All errors of one start are reported
// together.
//
// Start reading at [Options], then [Parse].
package options
