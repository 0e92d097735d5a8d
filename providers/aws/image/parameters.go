// SPDX-License-Identifier: Apache-2.0

package image

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"karpenter.sh/core/cloudprovider/kit/cache"
	"karpenter.sh/core/cloudprovider/kit/errortable"
)

// How long values of parameters are kept (AWS-142).
const (
	publishedFor = 24 * time.Hour
	customFor    = 5 * time.Minute
	// missingFor is for published parameters that there are not, as the variants that a
	// version lacks; customMissingFor for those of users, who may be about to make them.
	missingFor       = 5 * time.Minute
	customMissingFor = time.Minute
)

// isMissing finds the codes of SSM for a parameter, or a version of it, that there is not
// (AWS-300).
func isMissing(code string) bool {
	return code == "ParameterNotFound" || code == "ParameterVersionNotFound"
}

// errMissing says that there is no parameter of a name.
var errMissing = errors.New("parameter not found")

// published names a parameter of a publisher.
type published struct {
	name    string
	mutable bool
}

// String is for errors of the cache.
func (p published) String() string { return p.name }

// parameters read SSM.
type parameters struct {
	api       SSMAPI
	published *cache.Cache[published, string]
	custom    *cache.Cache[string, string]
}

func newParameters(opts Options) *parameters {
	p := &parameters{api: opts.SSM}
	negative := func(err error) bool { return errors.Is(err, errMissing) }
	common := cache.Options{Clock: opts.Clock, Random: opts.Random, Metrics: opts.Metrics}

	of := common
	of.Name, of.TTL, of.MaxAge, of.NegativeTTL = "ssm-parameters", publishedFor, publishedFor, missingFor
	p.published = cache.New(of, cache.Source[published, string]{
		Load:     func(ctx context.Context, key published) (string, error) { return p.read(ctx, key.name) },
		Negative: negative,
	})
	of = common
	of.Name, of.TTL, of.MaxAge, of.NegativeTTL = "ssm-custom-parameters", customFor, customFor, customMissingFor
	p.custom = cache.New(of, cache.Source[string, string]{Load: p.read, Negative: negative})
	return p
}

func (p *parameters) close() {
	p.published.Close()
	p.custom.Close()
}

// ofPublisher returns the value of a publisher's parameter; false if there is none.
func (p *parameters) ofPublisher(ctx context.Context, name string, mutable bool) (string, bool, error) {
	return unless(p.published.Get(ctx, published{name: name, mutable: mutable}))
}

// ofUser returns the value of a user's parameter, given by name or ARN; false if there
// is none.
func (p *parameters) ofUser(ctx context.Context, name string) (string, bool, error) {
	return unless(p.custom.Get(ctx, name))
}

// unless makes of a parameter that is missing an answer.
func unless(value string, err error) (string, bool, error) {
	if errors.Is(err, errMissing) {
		return "", false, nil
	}
	return value, err == nil, err
}

func (p *parameters) read(ctx context.Context, name string) (string, error) {
	out, err := p.api.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(name)})
	switch {
	case err != nil && isMissing(errortable.FailureOf(err).Code):
		return "", fmt.Errorf("%w: %w", errMissing, err)
	case err != nil:
		return "", fmt.Errorf("getting SSM parameter %s: %w", name, err)
	case out.Parameter == nil:
		return "", errMissing
	}
	return aws.ToString(out.Parameter.Value), nil
}

// mutableImages are the images that mutable parameters of publishers were last known
// to hold.
func (p *parameters) mutableImages() map[published]string {
	out := map[published]string{}
	for _, key := range p.published.Keys() {
		if known, ok := p.published.Peek(key); key.mutable && ok && known.Err == nil && isImage(known.Value) {
			out[key] = known.Value
		}
	}
	return out
}

// forget drops a value, unless it has changed meanwhile.
func (p *parameters) forget(key published, value string) {
	if known, ok := p.published.Peek(key); ok && known.Value == value {
		p.published.Invalidate(key)
	}
}
