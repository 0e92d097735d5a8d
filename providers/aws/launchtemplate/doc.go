// SPDX-License-Identifier: Apache-2.0

// Package launchtemplate keeps the launch templates that machines are launched with
// (AWS-260 to AWS-266, AWS-292, AWS-424).
//
// # What it holds
//
// [Content] is what a template says; [Of] makes it from a NodeClass and what a launch
// has settled, [Content.Name] names it, [Content.Input] writes it for EC2: all pure.
// [Templates] makes sure that templates exist ([Templates.Acquire]), and deletes those
// that nobody has used for a while ([Templates.Sweep]).
//
// It renders no user data and chooses no image: they arrive as values.
//
// # Vocabulary
//
// A lease says that a launch under way uses templates. A template has expired when
// nobody has held or taken a lease on it for a time.
//
// # Invariants
//
// The name is a function of the content alone. At most one call at a time creates or
// deletes a template of one name; others go on meanwhile. A template with a lease is
// never deleted by a sweep.
//
// # Cost
//
// Templates that are known cost no call. Those that are not share DescribeLaunchTemplates,
// 200 names to a call, and cost one CreateLaunchTemplate each, of which an account has
// five a second.
//
// Start reading at content.go, then templates.go.
package launchtemplate
