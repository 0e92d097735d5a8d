// SPDX-License-Identifier: Apache-2.0

package launchtemplate

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider/kit/retry"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
)

// namesPerCall is how many names a filter takes, and how many templates a page holds.
const namesPerCall = 200

// ensure looks a template up and creates it if there is none.
func (t *Templates) ensure(ctx context.Context, name string, c Content) error {
	n, err := t.lookups.Do(ctx, "", name)
	switch {
	case err != nil:
		return fmt.Errorf("describing it: %w", err)
	case n == 1:
		return nil
	case n > 1:
		return fmt.Errorf("describing it: there are %d of this name", n)
	}
	in, err := c.Input()
	if err != nil {
		return err
	}
	_, err = retry.Do(ctx, t.opts.Retry, func(ctx context.Context) (*ec2.CreateLaunchTemplateOutput, error) {
		return t.opts.API.CreateLaunchTemplate(ctx, in)
	})
	switch {
	case failure.IsAlreadyExists(err):
		return nil // made a moment ago, as by a call whose answer was lost: equal names are equal content
	case err != nil:
		return fmt.Errorf("creating it: %w", err)
	}
	t.opts.Created(c)
	return nil
}

// count counts the templates of some names.
func (t *Templates) count(ctx context.Context, _ string, names []string) (map[string]int, error) {
	found := make(map[string]int, len(names))
	for _, name := range names {
		found[name] = 0 // an answer too, so that nobody asks for it once more
	}
	err := t.each(ctx, func(lt types.LaunchTemplate) { found[aws.ToString(lt.LaunchTemplateName)]++ },
		types.Filter{Name: aws.String("launch-template-name"), Values: names})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// each reads all templates that pass the filters. Pages that were read before a failure
// have been told then.
func (t *Templates) each(ctx context.Context, tell func(types.LaunchTemplate), filters ...types.Filter) error {
	pages := ec2.NewDescribeLaunchTemplatesPaginator(t.opts.API, &ec2.DescribeLaunchTemplatesInput{
		Filters: filters, MaxResults: aws.Int32(namesPerCall),
	})
	for pages.HasMorePages() {
		page, err := retry.Do(ctx, t.opts.Retry, func(ctx context.Context) (*ec2.DescribeLaunchTemplatesOutput, error) {
			return pages.NextPage(ctx)
		})
		if err != nil {
			return err
		}
		for _, lt := range page.LaunchTemplates {
			tell(lt)
		}
	}
	return nil
}

func (t *Templates) ofCluster() types.Filter {
	return types.Filter{Name: aws.String("tag:" + v1.TagCluster), Values: []string{t.opts.Cluster}}
}

// remove deletes a template; one that is gone is fine.
func (t *Templates) remove(ctx context.Context, name string) error {
	_, err := retry.Do(ctx, t.opts.Retry, func(ctx context.Context) (*ec2.DeleteLaunchTemplateOutput, error) {
		return t.opts.API.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateName: aws.String(name)})
	})
	if err != nil && !failure.IsTemplateNotFound(err) {
		return fmt.Errorf("deleting launch template %s: %w", name, err)
	}
	return nil
}
