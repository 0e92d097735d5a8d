// SPDX-License-Identifier: Apache-2.0

package image

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/cache"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/query"
)

const (
	// DefaultInterval is how long a list is kept unless told otherwise (AWS-001).
	DefaultInterval = time.Minute
	// pageSize is that of DescribeImages (AWS-143).
	pageSize = 1000
)

// EC2API is what Images call of EC2.
type EC2API interface {
	DescribeImages(ctx context.Context, in *ec2.DescribeImagesInput, opts ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error)
}

// SSMAPI is what Images call of SSM.
type SSMAPI interface {
	GetParameter(ctx context.Context, in *ssm.GetParameterInput, opts ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// Kubernetes tells the version of the cluster as major.minor; empty while it is not
// known.
type Kubernetes interface{ Version() string }

// Options is what Images are made of.
type Options struct {
	// EC2, SSM, Kubernetes and Clock are required.
	EC2        EC2API
	SSM        SSMAPI
	Kubernetes Kubernetes
	Clock      clock.PassiveClock
	// Interval is how long a list is kept; 0 means DefaultInterval (AWS-148).
	Interval time.Duration
	// Skipped is told of each parameter of a user that gives no image, with the reason,
	// whenever a list is resolved. Nil means nobody is.
	Skipped func(parameter, reason string)
	// Random and Metrics are those of cache.Options.
	Random  func() float64
	Metrics *cache.Metrics
}

// Images resolve images. They are safe for concurrent use. Close them.
type Images struct {
	opts       Options
	parameters *parameters
	lists      *cache.Cache[key, []v1.AMI]
}

// key names a list: the NodeClass and, as an alias depends on it, the version of
// Kubernetes.
type key struct {
	query.Key
	kubernetes string
}

// New returns Images that have read nothing yet.
func New(opts Options) *Images {
	opts.Interval = cmp.Or(opts.Interval, DefaultInterval)
	if opts.Skipped == nil {
		opts.Skipped = func(string, string) {}
	}
	i := &Images{opts: opts, parameters: newParameters(opts)}
	i.lists = cache.New(cache.Options{
		Name: "images", TTL: opts.Interval, NegativeTTL: opts.Interval, MaxAge: opts.Interval,
		Clock: opts.Clock, Random: opts.Random, Metrics: opts.Metrics,
	}, cache.Source[key, []v1.AMI]{Load: i.resolve, Negative: unsupported})
	return i
}

// List returns the images that a NodeClass selects, in the order of the status: one
// for each set of requirements (AWS-145); empty if there are none. The error is an
// *UnsupportedAliasError if an alias can never be resolved for the version of the
// cluster, ErrNoParameters if it has no images. An error of an API is returned once
// the list at hand is older than the interval.
func (i *Images) List(ctx context.Context, nodeClass *v1.EC2NodeClass) ([]v1.AMI, error) {
	of, err := query.KeyOf(nodeClass, nodeClass.Spec.AMISelectorTerms)
	if err != nil {
		return nil, err
	}
	found, err := i.lists.Get(ctx, key{Key: of, kubernetes: i.opts.Kubernetes.Version()})
	if err != nil {
		return nil, fmt.Errorf("listing the images of EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	out := make([]v1.AMI, len(found))
	for at := range found {
		found[at].DeepCopyInto(&out[at])
	}
	return out, nil
}

// Close ends what is under way.
func (i *Images) Close() {
	i.lists.Close()
	i.parameters.close()
}

func (i *Images) resolve(ctx context.Context, of key) ([]v1.AMI, error) {
	terms, err := query.TermsOf[v1.AMISelectorTerm](of.Key)
	if err != nil {
		return nil, err
	}
	lookups, err := i.lookups(ctx, terms, of.kubernetes)
	if err != nil {
		return nil, err
	}
	now := i.opts.Clock.Now()
	candidates, err := query.Each(ctx, lookups, func(ctx context.Context, l lookup) ([]candidate, error) {
		images, err := i.describe(ctx, l)
		var out []candidate
		for _, found := range images {
			out = append(out, candidatesOf(found, l.sets[aws.ToString(found.ImageId)], now)...)
		}
		return out, err
	})
	if err != nil {
		return nil, fmt.Errorf("describing images: %w", err)
	}
	return choose(candidates), nil
}

// lookups are the requests of terms. An alias stands alone (AWS-013).
func (i *Images) lookups(ctx context.Context, terms []v1.AMISelectorTerm, kubernetes string) ([]lookup, error) {
	if alias := aliasOf(terms); alias != "" {
		l, err := i.ofAlias(ctx, alias, kubernetes)
		return []lookup{l}, err
	}
	resolved, err := query.Each(ctx, customParameters(terms), i.ofUser)
	return lookupsOf(terms, resolved), err
}

// ofAlias asks for the images that the parameters of an alias hold. Of those that
// there are not the variants are left out (AWS-142).
func (i *Images) ofAlias(ctx context.Context, alias, kubernetes string) (lookup, error) {
	wanted, err := parametersOf(alias, kubernetes)
	if err != nil {
		return lookup{}, err
	}
	type held struct {
		image string
		of    parameter
	}
	found, err := query.Each(ctx, wanted, func(ctx context.Context, p parameter) ([]held, error) {
		value, there, err := i.parameters.ofPublisher(ctx, p.name, p.mutable)
		if err != nil || !there || !isImage(value) {
			return nil, err
		}
		return []held{{image: value, of: p}}, nil
	})
	switch {
	case err != nil:
		return lookup{}, fmt.Errorf("resolving alias %q: %w", alias, err)
	case len(found) == 0:
		return lookup{}, fmt.Errorf("resolving alias %q for Kubernetes %s: %w", alias, kubernetes, ErrNoParameters)
	}
	var ids []string
	sets := map[string][][]corev1.NodeSelectorRequirement{}
	for _, h := range found {
		ids = append(ids, h.image)
		sets[h.image] = append(sets[h.image], h.of.sets...)
	}
	l := byID(ids)
	l.sets = sets
	return l, nil
}

// ofUser is the image that a user's parameter holds, if there is one (AWS-143).
func (i *Images) ofUser(ctx context.Context, name string) ([]string, error) {
	value, there, err := i.parameters.ofUser(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case !there:
		i.opts.Skipped(name, "it does not exist")
		return nil, nil
	case !isImage(value):
		i.opts.Skipped(name, "its value is not the ID of an image")
		return nil, nil
	}
	return []string{value}, nil
}

func (i *Images) describe(ctx context.Context, l lookup) ([]types.Image, error) {
	pages := ec2.NewDescribeImagesPaginator(i.opts.EC2, &ec2.DescribeImagesInput{
		Filters:           append([]types.Filter{query.Filter("state", string(types.ImageStateAvailable))}, l.filters...),
		Owners:            l.owners,
		IncludeDeprecated: aws.Bool(true),
		MaxResults:        aws.Int32(pageSize),
	})
	return query.Pages(ctx, pages, func(page *ec2.DescribeImagesOutput) []types.Image { return page.Images })
}
