// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// published is a file such as the VPC resource controller has.
const published = `package vpc

var Limits = map[string]*VPCLimits{
	"b.large": {
		Interface: 3, BranchInterface: 9, IsTrunkingCompatible: true,
		NetworkCards: []NetworkCard{{MaximumNetworkInterfaces: 3, NetworkCardIndex: 0}},
	},
	"a.large": {Interface: 4, BranchInterface: 0, IsTrunkingCompatible: true},
	"c.large": {Interface: 4, BranchInterface: 7, IsTrunkingCompatible: false},
}
`

// AWS-202: of what is published the file holds the branch interfaces of the types that
// can be trunks, and where they are from.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "limits.go"), filepath.Join(dir, "table.json")
	for _, tc := range []struct{ reason, text, want string }{
		{"a table", published, `{
 "source": "github.com/aws/amazon-vpc-resource-controller-k8s@v1.2.3",
 "branchInterfaces": {
  "b.large": 9
 }
}
`},
		{"no table any more", "package vpc\n", ""},
		{"no Go", "{", ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if err := os.WriteFile(from, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := write(from, "v1.2.3", to); (err != nil) != (tc.want == "") {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(to); err != nil || tc.want != "" && string(got) != tc.want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

// AWS-202: what is embedded says which version it is of.
func TestEmbedded(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "branch_interfaces.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`"source": "github.com/aws/amazon-vpc-resource-controller-k8s@v\d+\.\d+\.\d+"`).Match(text) {
		t.Errorf("the file says no version: %.80s", text)
	}
}
