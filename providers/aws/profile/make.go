// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// make makes a profile with a role (AWS-341, AWS-342), or goes on with a draft. Each
// step can be repeated, so that the draft stays the same whatever goes wrong.
func (p *Profiles) make(ctx context.Context, nodeClass *v1.EC2NodeClass, role string) (string, error) {
	if known, ok := p.missing.Peek(role); ok && known.Age < missingFor {
		return "", fmt.Errorf("role %s: %w", role, ErrRoleNotFound)
	}
	what := purpose{nodeClass.UID, role}
	name := p.draft(what, nodeClass.Name)
	if err := p.create(ctx, nodeClass, name); err != nil {
		return "", err
	}
	if err := p.attach(ctx, name, role); err != nil {
		return "", p.unfinished(ctx, what, name, err)
	}
	p.made.Put(what, making{name: name})
	p.lookups.Put(name, Profile{Name: name, Roles: []string{role}})
	return name, nil
}

// draft is the name to go on with. It is remembered before the first call, whose
// answer may be lost.
func (p *Profiles) draft(what purpose, nodeClass string) string {
	known, ok := p.made.Peek(what)
	name := known.Value.name
	if !ok || !known.Value.draft {
		name = p.opts.Scope.Name(nodeClass, p.opts.NewID())
		p.made.Put(what, making{name: name, draft: true})
	}
	p.protect(name)
	return name
}

// create makes the profile. One that exists is ours, as nobody else has the ID in
// its name: the answer that told of it was lost.
func (p *Profiles) create(ctx context.Context, nodeClass *v1.EC2NodeClass, name string) error {
	path := p.opts.Scope.PathOf(nodeClass.UID)
	in := &iam.CreateInstanceProfileInput{InstanceProfileName: &name, Path: &path}
	tags := p.opts.Scope.Tags(nodeClass)
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		in.Tags = append(in.Tags, types.Tag{Key: &key, Value: &value})
	}
	if _, err := p.opts.API.CreateInstanceProfile(ctx, in); err != nil && !coded(err, codeExists) {
		return fmt.Errorf("creating instance profile %s: %w", name, err)
	}
	return nil
}

// attach gives the role to the profile.
func (p *Profiles) attach(ctx context.Context, name, role string) error {
	err := p.addRole(ctx, name, role)
	if !coded(err, codeFull) {
		return err
	}
	found, err := p.get(ctx, name)
	if err != nil || found.holds(role) {
		return err // it has it already: that answer was lost
	}
	if err := p.detach(ctx, name, found.Roles); err != nil {
		return err
	}
	return p.addRole(ctx, name, role)
}

func (p *Profiles) addRole(ctx context.Context, name, role string) error {
	_, err := p.opts.API.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: &role})
	if err != nil {
		return fmt.Errorf("adding role %s to instance profile %s: %w", role, name, err)
	}
	return nil
}

// unfinished says why a profile has no role. Without the role the profile is of no
// use, and is deleted if that is possible; the name it had is not used again, because
// EC2 might take the next of that name for it. In any other case the next try goes
// on with the draft.
func (p *Profiles) unfinished(ctx context.Context, what purpose, name string, err error) error {
	if !roleMissing(err, name) {
		return err
	}
	p.missing.Put(what.role, struct{}{})
	if p.remove(ctx, Profile{Name: name}) == nil {
		p.made.Invalidate(what)
	}
	return fmt.Errorf("%w: %w", ErrRoleNotFound, err)
}
