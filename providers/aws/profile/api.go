// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"karpenter.sh/core/cloudprovider/kit/errortable"
)

// API is what of IAM is called. *iam.Client is one.
type API interface {
	iam.ListInstanceProfilesAPIClient
	GetInstanceProfile(context.Context, *iam.GetInstanceProfileInput, ...func(*iam.Options)) (*iam.GetInstanceProfileOutput, error)
	CreateInstanceProfile(context.Context, *iam.CreateInstanceProfileInput, ...func(*iam.Options)) (*iam.CreateInstanceProfileOutput, error)
	DeleteInstanceProfile(context.Context, *iam.DeleteInstanceProfileInput, ...func(*iam.Options)) (*iam.DeleteInstanceProfileOutput, error)
	AddRoleToInstanceProfile(context.Context, *iam.AddRoleToInstanceProfileInput, ...func(*iam.Options)) (*iam.AddRoleToInstanceProfileOutput, error)
	RemoveRoleFromInstanceProfile(context.Context, *iam.RemoveRoleFromInstanceProfileInput, ...func(*iam.Options)) (*iam.RemoveRoleFromInstanceProfileOutput, error)
}

// Codes of IAM's errors.
const (
	codeMissing = "NoSuchEntity"
	codeExists  = "EntityAlreadyExists"
	codeFull    = "LimitExceeded"
)

func coded(err error, code string) bool {
	return err != nil && errortable.FailureOf(err).Code == code
}

// roleMissing tells a missing role from a missing profile, whose name may have the
// word in it (AWS-300).
func roleMissing(err error, profile string) bool {
	if !coded(err, codeMissing) {
		return false
	}
	text := strings.ReplaceAll(errortable.FailureOf(err).Message, profile, "")
	return strings.Contains(strings.ToLower(text), "role")
}

// Profile is an instance profile as IAM shows it.
type Profile struct {
	Name string
	// Path begins and ends with a slash.
	Path string
	// Roles are names without path: one at most.
	Roles   []string
	Created time.Time
	// Tags are empty in lists.
	Tags map[string]string
}

func profileOf(p types.InstanceProfile) Profile {
	out := Profile{
		Name: aws.ToString(p.InstanceProfileName), Path: aws.ToString(p.Path),
		Created: aws.ToTime(p.CreateDate), Tags: map[string]string{},
	}
	for _, r := range p.Roles {
		out.Roles = append(out.Roles, aws.ToString(r.RoleName))
	}
	for _, t := range p.Tags {
		out.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

// holds reports whether the profile has the role, by its name without path.
func (p Profile) holds(role string) bool { return len(p.Roles) == 1 && p.Roles[0] == role }

// get reads one profile, past all caches.
func (p *Profiles) get(ctx context.Context, name string) (Profile, error) {
	out, err := p.opts.API.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
	if err != nil {
		return Profile{}, fmt.Errorf("reading instance profile %s: %w", name, err)
	}
	if out.InstanceProfile == nil {
		return Profile{}, fmt.Errorf("reading instance profile %s: %w", name, errNoAnswer)
	}
	return profileOf(*out.InstanceProfile), nil
}

var errNoAnswer = errors.New("the answer is empty")

// list reads all profiles under a path.
func (p *Profiles) list(ctx context.Context, path string) ([]Profile, error) {
	var out []Profile
	pages := iam.NewListInstanceProfilesPaginator(p.opts.API, &iam.ListInstanceProfilesInput{PathPrefix: &path})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing instance profiles under %s: %w", path, err)
		}
		for _, found := range page.InstanceProfiles {
			out = append(out, profileOf(found))
		}
	}
	return out, nil
}
