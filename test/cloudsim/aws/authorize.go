// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/policy"
	"karpenter.sh/test/cloudsim/wire"
)

// authorize asks the caller's policies about everything that the call touches.
func (r *request) authorize() *wire.Error {
	if r.identity == nil || len(r.identity.documents) == 0 {
		return nil
	}
	var grants []string
	for _, q := range r.questions() {
		if q.Context == nil {
			q.Context = map[string][]string{}
		}
		q.Context["aws:requestedregion"] = []string{r.options.Setup.Region}
		if verdict := policy.Decide(r.identity.documents, q); verdict != policy.Allowed {
			err := r.denied(q, verdict)
			r.identity.refuse(control.Refusal{Call: r.call, Action: q.Action, Resource: q.Resource, Message: err.Message})
			return err
		}
		grants = append(grants, policy.Granted(r.identity.documents, q)...)
	}
	slices.Sort(grants)
	r.grants = slices.Compact(grants)
	r.identity.use(r.grants)
	return nil
}

func (r *request) denied(q policy.Question, verdict policy.Verdict) *wire.Error {
	why := "because no identity-based policy allows the " + q.Action + " action"
	if verdict == policy.ExplicitDeny {
		why = "with an explicit deny in an identity-based policy"
	}
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", r.caller(), q.Action, q.Resource, why)
	switch {
	case strings.HasPrefix(r.call, "ec2:"):
		return &wire.Error{Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation. " + text, Status: http.StatusForbidden}
	case strings.HasPrefix(r.call, "iam:"), strings.HasPrefix(r.call, "sts:"):
		return &wire.Error{Code: "AccessDenied", Message: text, Status: http.StatusForbidden}
	}
	return &wire.Error{Code: "AccessDeniedException", Message: text, Status: http.StatusBadRequest}
}

// questions are what has to be allowed: each action with each resource. Resources that
// there are not are left out; the call fails for them later.
func (r *request) questions() []policy.Question {
	s := r.options.Setup
	switch r.call {
	case "ec2:CreateFleet":
		return r.fleetQuestions()
	case "ec2:RunInstances":
		return r.runQuestions(r.in.Tree("LaunchTemplate"), r.in)
	case "ec2:CreateLaunchTemplate":
		return r.creation("launch-template", "launch-template/*")
	case "ec2:CreateTags":
		return r.tagQuestions()
	case "ec2:TerminateInstances":
		return r.onInstances("ec2:TerminateInstances", r.in.Strs("InstanceIds"), nil)
	case "ec2:DeleteLaunchTemplate":
		if t, err := r.template(r.in); err == nil {
			return []policy.Question{{Action: r.call, Resource: r.arn("launch-template/" + t.id), Context: resourceTags(t.tags, nil)}}
		}
		return nil
	case "iam:CreateInstanceProfile":
		return r.profileCreation()
	case "iam:AddRoleToInstanceProfile":
		return append(r.onProfile(), policy.Question{
			Action: "iam:PassRole", Resource: r.roleARN(r.in.Str("RoleName")),
			Context: map[string][]string{"iam:passedtoservice": {"ec2.amazonaws.com"}},
		})
	case "iam:DeleteInstanceProfile", "iam:GetInstanceProfile", "iam:RemoveRoleFromInstanceProfile":
		return r.onProfile()
	case "eks:DescribeCluster":
		return r.simple(fmt.Sprintf("arn:aws:eks:%s:%s:cluster/%s", s.Region, s.Account, r.in.Str("name")))
	case "ssm:GetParameter":
		return r.simple(fmt.Sprintf("arn:aws:ssm:%s::parameter/%s", s.Region, strings.TrimPrefix(r.in.Str("Name"), "/")))
	case "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage":
		name := first(r.in.Str("QueueName"), path.Base(r.in.Str("QueueUrl")))
		return r.simple(fmt.Sprintf("arn:aws:sqs:%s:%s:%s", s.Region, s.Account, name))
	case "arc-zonal-shift:GetManagedResource":
		return r.simple(r.in.Str("resourceIdentifier"))
	case "sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity":
		return nil
	}
	return r.simple("*")
}

func (r *request) simple(resource string) []policy.Question {
	return []policy.Question{{Action: r.call, Resource: resource}}
}

// onProfile is the call itself on the instance profile that it names.
func (r *request) onProfile() []policy.Question {
	p := r.profiles[r.in.Str("InstanceProfileName")]
	if p == nil {
		return nil
	}
	return []policy.Question{{Action: r.call, Resource: p.arn, Context: resourceTags(p.tags, nil)}}
}

func (r *request) profileCreation() []policy.Question {
	tags, err := readTags(r.in.Trees("Tags"))
	if err != nil {
		return nil
	}
	arn := fmt.Sprintf("arn:aws:iam::%s:instance-profile%s%s", r.options.Setup.Account,
		first(r.in.Str("Path"), "/"), r.in.Str("InstanceProfileName"))
	out := []policy.Question{{Action: r.call, Resource: arn, Context: requestTags(tags, nil)}}
	if len(tags) > 0 {
		out = append(out, policy.Question{Action: "iam:TagInstanceProfile", Resource: arn, Context: requestTags(tags, nil)})
	}
	return out
}
