// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"strings"
	"testing"

	"karpenter.sh/test/cloudsim/policy"
)

// SIM-043
func TestDecide(t *testing.T) {
	const instance = "arn:aws:ec2:us-west-2:1:instance/i-1"
	statement := func(rest string) string {
		return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:Run*", "Resource": "arn:aws:ec2:*:*:instance/*"` + rest + `}]}`
	}
	tagged := map[string][]string{"aws:requesttag/a/b": {"x"}, "aws:tagkeys": {"a/b", "Name"}}
	tests := []struct {
		reason, document string
		question         policy.Question
		want             policy.Verdict
	}{
		{"what is allowed", statement(""), policy.Question{Action: "ec2:RunInstances", Resource: instance}, policy.Allowed},
		{"actions in any case", statement(""), policy.Question{Action: "EC2:runInstances", Resource: instance}, policy.Allowed},
		{"another action", statement(""), policy.Question{Action: "ec2:CreateFleet", Resource: instance}, policy.ImplicitDeny},
		{"another resource", statement(""), policy.Question{Action: "ec2:RunInstances", Resource: "arn:aws:ec2:us-west-2:1:volume/v"}, policy.ImplicitDeny},
		{"a condition that holds", statement(`, "Condition": {"StringEquals": {"aws:RequestTag/a/b": "x"}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.Allowed},
		{"alternatives", statement(`, "Condition": {"StringEquals": {"aws:RequestTag/a/b": ["y", "x"]}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.Allowed},
		{"one that does not hold", statement(`, "Condition": {"StringEquals": {"aws:RequestTag/a/b": "y"}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.ImplicitDeny},
		{"tag keys keep their case", statement(`, "Condition": {"StringEquals": {"aws:RequestTag/A/B": "x"}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.ImplicitDeny},
		{"all of several", statement(`, "Condition": {"StringLike": {"aws:RequestTag/a/b": "*", "aws:RequestTag/c": "*"}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.ImplicitDeny},
		{"a key that is missing", statement(`, "Condition": {"StringEqualsIfExists": {"aws:RequestTag/c": "y"}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.Allowed},
		{"only these keys", statement(`, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a/b", "Name", "c"]}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.Allowed},
		{"not only these keys", statement(`, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a/b"]}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.ImplicitDeny},
		{"not that value", statement(`, "Condition": {"StringNotEquals": {"aws:RequestTag/a/b": "x"}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.ImplicitDeny},
		{"a key that must be missing", statement(`, "Condition": {"Null": {"aws:RequestTag/c": "true"}}`), policy.Question{Action: "ec2:RunInstances", Resource: instance, Context: tagged}, policy.Allowed},
		{"a denial wins", `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": "*"}, {"Effect": "Deny", "Action": "ec2:*", "Resource": ["*"]}]}`,
			policy.Question{Action: "ec2:RunInstances", Resource: instance}, policy.ExplicitDeny},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			d, err := policy.Parse([]byte(tc.document))
			if err != nil {
				t.Fatal(err)
			}
			if got := policy.Decide([]*policy.Document{d}, tc.question); got != tc.want {
				t.Errorf("verdict %d, want %d", got, tc.want)
			}
		})
	}
}

// SIM-043
func TestParseRefusesWhatIsNotUnderstood(t *testing.T) {
	for says, text := range map[string]string{
		"NotAction":       `{"Statement": [{"Effect": "Allow", "NotAction": "*", "Resource": "*"}]}`,
		"Perhaps":         `{"Statement": [{"Effect": "Perhaps", "Action": "*", "Resource": "*"}]}`,
		"are needed":      `{"Statement": [{"Sid": "S", "Effect": "Allow", "Action": "*"}]}`,
		"DateGreaterThan": `{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"DateGreaterThan": {"a": "b"}}}]}`,
		"list of texts":   `{"Statement": [{"Effect": "Allow", "Action": 1, "Resource": "*"}]}`,
	} {
		if _, err := policy.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
}
