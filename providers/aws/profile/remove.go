// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// CleanUp deletes the profiles that were made for a NodeClass, and the one that an
// earlier version made (AWS-094). Absent ones are no error. One that cannot be
// deleted holds up no other.
func (p *Profiles) CleanUp(ctx context.Context, nodeClass *v1.EC2NodeClass) error {
	if p.opts.Isolated {
		return nil
	}
	found, err := p.list(ctx, p.opts.Scope.PathOf(nodeClass.UID))
	errs := []error{err}
	for _, profile := range found {
		errs = append(errs, p.remove(ctx, profile))
	}
	errs = append(errs, p.removeLegacy(ctx, nodeClass.Name))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("deleting the instance profiles of %s %s: %w", v1.NodeClassKind, nodeClass.Name, err)
	}
	return nil
}

// removeLegacy deletes the profile of an earlier version, if it has the tags of the
// cluster in this region. Without them it may be somebody else's, and the documented
// policy would refuse for ever to delete it.
func (p *Profiles) removeLegacy(ctx context.Context, nodeClass string) error {
	name, ok := p.opts.Scope.LegacyName(nodeClass)
	if !ok {
		return nil
	}
	found, err := p.get(ctx, name)
	if coded(err, codeMissing) {
		return nil
	}
	if err != nil || !p.opts.Scope.owns(found) {
		return err
	}
	return p.remove(ctx, found)
}

// remove deletes a profile, after its roles were taken out.
func (p *Profiles) remove(ctx context.Context, profile Profile) error {
	if err := p.detach(ctx, profile.Name, profile.Roles); err != nil {
		return err
	}
	_, err := p.opts.API.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: &profile.Name})
	if err != nil && !coded(err, codeMissing) {
		return fmt.Errorf("deleting instance profile %s: %w", profile.Name, err)
	}
	return nil
}

// detach takes roles out; what is missing is out already.
func (p *Profiles) detach(ctx context.Context, name string, roles []string) error {
	for _, role := range roles {
		_, err := p.opts.API.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &name, RoleName: &role})
		if err != nil && !coded(err, codeMissing) {
			return fmt.Errorf("removing role %s from instance profile %s: %w", role, name, err)
		}
	}
	return nil
}
