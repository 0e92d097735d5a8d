// SPDX-License-Identifier: Apache-2.0

// Package signals holds what users see of the AWS provider beside the core's metrics and
// events: each metric with its name, type, labels and help (AWS-401), each event with its
// reason, type and objects (AWS-403).
//
// It counts and publishes nothing. A package that counts makes its collectors of the
// families here; the reference is generated from both tables. It imports packages
// families and events of the core only.
//
// Start reading at [Families] and [Events].
package signals
