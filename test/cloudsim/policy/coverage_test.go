// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"slices"
	"testing"

	"karpenter.sh/test/cloudsim/policy"
)

// SIM-074
func TestCoverage(t *testing.T) {
	var documents []*policy.Document
	for _, text := range []string{
		`{"Statement": [
			{"Sid": "Run", "Effect": "Allow", "Action": ["ec2:RunInstances", "ec2:CreateFleet"], "Resource": "arn:i"},
			{"Sid": "Run2", "Effect": "Allow", "Action": "ec2:Run*", "Resource": "*"},
			{"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "arn:v"}]}`,
		`{"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}`,
	} {
		d, err := policy.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, d)
	}
	used := policy.Granted(documents, policy.Question{Action: "ec2:runInstances", Resource: "arn:i"})
	if !slices.Equal(used, []string{"Run ec2:RunInstances", "Run2 ec2:Run*"}) {
		t.Errorf("granted by %q", used)
	}
	if got := policy.Granted(documents, policy.Question{Action: "ec2:DescribeImages", Resource: "*"}); got != nil {
		t.Errorf("granted by %q", got)
	}
	if got := policy.Unused(documents, used); !slices.Equal(got, []string{"Run ec2:CreateFleet", "statement-1 sqs:*"}) {
		t.Errorf("unused %q", got)
	}
}
