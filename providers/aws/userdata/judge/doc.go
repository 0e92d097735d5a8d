// SPDX-License-Identifier: Apache-2.0

// Package judge lets nodeadm, the program that joins machines of AL2023 to a
// cluster, judge the user data that package userdata writes.
//
// It is a module of its own, since nodeadm brings the SDK of AWS and much else in
// versions of its own. It reads the golden files of package userdata, so nothing is
// imported from there. nodeadm gets them as on a machine, from a metadata service,
// and is asked to check its configuration, and to begin joining: it then reads the
// archive, merges the NodeConfigs in it, validates the result, and tells it in its
// log. Both phases that would change the machine are skipped.
package judge
