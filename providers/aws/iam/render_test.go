// SPDX-License-Identifier: Apache-2.0

package iam_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/providers/aws/iam"
	"karpenter.sh/test/cloudsim/policy"
)

func values() iam.Values {
	return iam.Values{
		Partition: "aws", Region: "us-west-2", AccountID: "111122223333", ClusterName: "c1", QueueName: "c1",
		NodeRole: "KarpenterNodeRole-c1", OIDCProvider: "oidc.eks.us-west-2.amazonaws.com/id/ABC", Namespace: "kube-system", ServiceAccount: "karpenter",
	}
}

func render(t *testing.T, d iam.Document, v iam.Values) []byte {
	t.Helper()
	out, err := iam.Render(d, v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// AWS-421: the policies are what the evaluator of the simulated cloud understands,
// statements have names of their own, and the longest fit into a managed policy.
func TestPolicies(t *testing.T) {
	const managed = 6144 // characters, white space not counted
	long := values()
	long.Partition, long.Region, long.ClusterName, long.NodeRole = "aws-us-gov", "us-gov-northwest-1", strings.Repeat("c", 100), strings.Repeat("r", 64)
	names := map[string]bool{}
	for _, name := range iam.Policies() {
		d, err := policy.Parse(render(t, name, values()))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, s := range d.Statement {
			if s.Sid == "" || names[s.Sid] || s.Effect != "Allow" || slices.Contains(s.Action, "*") {
				t.Errorf("%s: statement %q", name, s.Sid)
			}
			names[s.Sid] = true
		}
		if n := len(strings.Join(strings.Fields(string(render(t, name, long))), "")); n > managed {
			t.Errorf("%s has %d characters", name, n)
		}
	}
}

// AWS-421, AWS-422: every file is a document, and can be rendered to valid JSON.
func TestDocuments(t *testing.T) {
	var files []iam.Document
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".json" {
			files = append(files, iam.Document(filepath.ToSlash(path)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := iam.Documents()
	slices.Sort(named)
	if !slices.Equal(files, named) {
		t.Errorf("files %v, documents %v", files, named)
	}
	for _, d := range named {
		if text := render(t, d, values()); !json.Valid(text) || strings.Contains(string(text), "${") {
			t.Errorf("%s: %s", d, text)
		}
	}
}

// resourceless is a document with principals as one without them, so that its
// operators can be checked.
func resourceless(t *testing.T, text []byte) []byte {
	t.Helper()
	var d struct {
		Version   string
		Statement []map[string]any
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	for _, s := range d.Statement {
		if s["Principal"] == nil {
			t.Errorf("statement %v is for nobody", s["Sid"])
		}
		delete(s, "Principal")
		if s["Resource"] == nil {
			s["Resource"] = "*"
		}
	}
	out, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// AWS-421, AWS-422: who is trusted, and who sends to the queue.
func TestTrust(t *testing.T) {
	for _, tc := range []struct {
		document  iam.Document
		principal string
		question  policy.Question
		breaks    []string // keys without which, or with another value, it is refused
	}{
		{iam.NodeTrust, `"Service": "ec2.amazonaws.com"`, policy.Question{Action: "sts:AssumeRole"}, nil},
		{iam.ControllerTrustPodIdentity, `"Service": "pods.eks.amazonaws.com"`, policy.Question{Action: "sts:TagSession", Context: map[string][]string{
			"aws:sourceaccount": {"111122223333"}, "aws:sourcearn": {"arn:aws:eks:us-west-2:111122223333:cluster/c1"},
			"aws:requesttag/kubernetes-namespace": {"kube-system"}, "aws:requesttag/kubernetes-service-account": {"karpenter"},
		}}, []string{"aws:sourceaccount", "aws:sourcearn", "aws:requesttag/kubernetes-namespace", "aws:requesttag/kubernetes-service-account"}},
		{iam.ControllerTrustIRSA, `"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/ABC"`,
			policy.Question{Action: "sts:AssumeRoleWithWebIdentity", Context: map[string][]string{
				"oidc.eks.us-west-2.amazonaws.com/id/ABC:aud": {"sts.amazonaws.com"},
				"oidc.eks.us-west-2.amazonaws.com/id/ABC:sub": {"system:serviceaccount:kube-system:karpenter"},
			}}, []string{"oidc.eks.us-west-2.amazonaws.com/id/ABC:aud", "oidc.eks.us-west-2.amazonaws.com/id/ABC:sub"}},
		{iam.QueuePolicy, `"Service": "events.amazonaws.com"`, policy.Question{
			Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-west-2:111122223333:c1", Context: map[string][]string{
				"aws:sourceaccount": {"111122223333"}, "aws:sourcearn": {"arn:aws:events:us-west-2:111122223333:rule/spot"}, "aws:securetransport": {"true"},
			}}, []string{"aws:sourceaccount", "aws:sourcearn"}},
	} {
		t.Run(string(tc.document), func(t *testing.T) {
			text := render(t, tc.document, values())
			if !strings.Contains(string(text), tc.principal) {
				t.Errorf("the principal is not %s", tc.principal)
			}
			d, err := policy.Parse(resourceless(t, text))
			if err != nil {
				t.Fatal(err)
			}
			verdict := func() policy.Verdict { return policy.Decide([]*policy.Document{d}, tc.question) }
			if verdict() != policy.Allowed {
				t.Error("refused")
			}
			for _, key := range tc.breaks {
				was := tc.question.Context[key]
				delete(tc.question.Context, key)
				without := verdict()
				tc.question.Context[key] = []string{"other"}
				if other := verdict(); without == policy.Allowed || other == policy.Allowed {
					t.Errorf("allowed whatever %s is", key)
				}
				tc.question.Context[key] = was
			}
			if tc.document == iam.QueuePolicy {
				tc.question.Context["aws:securetransport"] = []string{"false"}
				if verdict() != policy.ExplicitDeny {
					t.Error("allowed without TLS")
				}
			}
		})
	}
}

// AWS-387, AWS-422: one rule for each detail-type.
func TestRules(t *testing.T) {
	var got []string
	for _, d := range iam.Rules() {
		var rule struct {
			Source     []string `json:"source"`
			DetailType []string `json:"detail-type"`
		}
		if err := json.Unmarshal(render(t, d, iam.Values{}), &rule); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join(rule.Source, ",")+": "+strings.Join(rule.DetailType, ","))
	}
	want := []string{
		"aws.ec2: EC2 Spot Instance Interruption Warning", "aws.ec2: EC2 Capacity Reservation Instance Interruption Warning",
		"aws.ec2: EC2 Instance Rebalance Recommendation", "aws.ec2: EC2 Instance State-change Notification", "aws.health: AWS Health Event",
	}
	if !slices.Equal(got, want) {
		t.Errorf("rules %q", got)
	}
}

// AWS-421: other partitions.
func TestPartitions(t *testing.T) {
	v := values()
	v.Partition, v.Region = "aws-cn", "cn-north-1"
	if text := string(render(t, iam.NodeTrust, v)); !strings.Contains(text, `"ec2.amazonaws.com.cn"`) {
		t.Error(text)
	}
	for _, d := range iam.Policies() {
		if text := string(render(t, d, v)); strings.Contains(text, "arn:aws:") || strings.Contains(text, "us-west-2") {
			t.Errorf("%s: %s", d, text)
		}
	}
}

// AWS-421: what cannot be filled is an error that names it.
func TestRenderFails(t *testing.T) {
	with := func(change func(*iam.Values)) iam.Values {
		v := values()
		change(&v)
		return v
	}
	for _, tc := range []struct {
		reason string
		v      iam.Values
		text   string
		want   error
		says   string
	}{
		{"nothing to fill", iam.Values{}, "a $ {b}", nil, ""},
		{"unknown", values(), "a ${Colour}", iam.ErrUnknownPlaceholder, "${Colour}"},
		{"in another case", values(), "a ${region}", iam.ErrUnknownPlaceholder, "${region}"},
		{"without end", values(), "a ${Colour", iam.ErrUnknownPlaceholder, "${Colour"},
		{"empty", values(), "a ${}", iam.ErrUnknownPlaceholder, "${}"},
		{"missing", iam.Values{}, "${Region}", iam.ErrMissingValue, "${Region}"},
		{"missing by another", iam.Values{}, "${DNSSuffix}", iam.ErrMissingValue, "${DNSSuffix}"},
		{"a wildcard", with(func(v *iam.Values) { v.ClusterName = "c*" }), "${ClusterName}", iam.ErrInvalidValue, `"c*"`},
		{"a quote", with(func(v *iam.Values) { v.QueueName = `q"` }), "${QueueName}", iam.ErrInvalidValue, "q"},
		{"a placeholder", with(func(v *iam.Values) { v.NodeRole = "${Region}" }), "${NodeRole}", iam.ErrInvalidValue, "${Region}"},
		{"a slash in front", with(func(v *iam.Values) { v.NodeRole = "/team/r" }), "${NodeRole}", iam.ErrInvalidValue, "/team/r"},
		{"a path", with(func(v *iam.Values) { v.NodeRole = "team/r" }), "${NodeRole}", nil, ""},
		{"a second line", with(func(v *iam.Values) { v.AccountID = "111122223333\n" }), "${AccountID}", iam.ErrInvalidValue, "3333"},
		{"a URL", with(func(v *iam.Values) { v.OIDCProvider = "https://oidc" }), "${OIDCProvider}", iam.ErrInvalidValue, "https"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			out, err := iam.Fill([]byte(tc.text), tc.v)
			if !errors.Is(err, tc.want) || err != nil && (!strings.Contains(err.Error(), tc.says) || out != nil) {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
	_, err := iam.Render(iam.NodeLifecycle, iam.Values{Partition: "aws", Region: "us-west-2"})
	if !errors.Is(err, iam.ErrMissingValue) || strings.Count(err.Error(), "${ClusterName}") != 1 || !strings.Contains(err.Error(), "${AccountID}") {
		t.Errorf("got %v", err)
	}
	if _, err := iam.Render("policies/none.json", values()); !errors.Is(err, iam.ErrUnknownDocument) {
		t.Errorf("got %v", err)
	}
}

// README.md describes each placeholder and each policy.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Partition", "DNSSuffix", "Region", "AccountID", "ClusterName", "QueueName", "NodeRole", "OIDCProvider", "Namespace", "ServiceAccount"} {
		if !strings.Contains(string(text), "`${"+name+"}`") {
			t.Errorf("${%s} is missing", name)
		}
		if _, err := iam.Fill([]byte("${"+name+"}"), values()); err != nil {
			t.Error(err)
		}
	}
	for _, d := range iam.Documents() {
		if !strings.Contains(string(text), "`"+string(d)+"`") && !strings.HasPrefix(string(d), "rules/") {
			t.Errorf("%s is missing", d)
		}
	}
}
