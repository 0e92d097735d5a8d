// SPDX-License-Identifier: Apache-2.0

package simtest

import (
	"karpenter.sh/test/cloudsim/fault"
	"karpenter.sh/test/cloudsim/journal"
)

// Fault adds rules in JSON, as the README of test/cloudsim has them:
// `[{"call": "ec2:CreateFleet", "nth": 2, "error": {"code": "InternalError"}}]`.
func (a *Account) Fault(rules string) {
	a.t.Helper()
	parsed, err := fault.Parse([]byte(rules), a.Cloud.Calls())
	a.must(err)
	a.Cloud.Faults().Add(parsed...)
}

// Fail lets every call of a name, such as "ec2:DescribeSubnets" or "iam:*", fail
// without effect from now on. An empty message is one that says nothing.
func (a *Account) Fail(call, code, message string) {
	a.Cloud.Faults().Add(fault.Rule{Call: call, Error: &fault.Failure{Code: code, Message: message}})
}

// FailOnce is Fail for the next call only.
func (a *Account) FailOnce(call, code, message string) {
	a.Cloud.Faults().Add(fault.Rule{Call: call, Times: 1, Error: &fault.Failure{Code: code, Message: message}})
}

// FailPage lets a page of every list fail, counted from 1.
func (a *Account) FailPage(call string, page int) {
	a.Cloud.Faults().Add(fault.Rule{Call: call, Page: page, Error: &fault.Failure{Code: "InternalError"}})
}

// Within lets the overrides of fleets that match fail, all of them without match, while
// the call itself succeeds.
func (a *Account) Within(match map[string]string, code, message string) {
	a.Cloud.Faults().Add(fault.Rule{Call: "ec2:CreateFleet", Match: match, Within: &fault.Failure{Code: code, Message: message}})
}

// Heal removes all rules.
func (a *Account) Heal() { a.Cloud.Faults().Clear() }

// Requests are those of a call so far, in order; an empty call is any.
func (a *Account) Requests(call string) []journal.Entry { return a.Cloud.Journal().Entries(call, 0) }

// Calls counts the requests of a call so far, failed ones included.
func (a *Account) Calls(call string) int { return len(a.Requests(call)) }
