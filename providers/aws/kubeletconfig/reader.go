// SPDX-License-Identifier: Apache-2.0

package kubeletconfig

import (
	"fmt"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

const (
	// keptConfigs and keptPrograms bound what a Reader remembers; more texts than that
	// are read again.
	keptConfigs  = 128
	keptPrograms = 512
)

// Options is what a Reader is made of.
type Options struct {
	// Expressions is the gate NodeClassCEL (AWS-001).
	Expressions bool
}

// Reader reads kubelet configurations. It is safe for concurrent use.
type Reader struct {
	opts     Options
	env      *cel.Env
	configs  *catalogue.Memo[string, *Config]
	programs *catalogue.Memo[string, compiled]
}

// New returns a reader that has read nothing yet.
func New(opts Options) (*Reader, error) {
	env, err := newEnv()
	if err != nil {
		return nil, fmt.Errorf("making the environment of kubelet expressions: %w", err)
	}
	return &Reader{
		opts: opts, env: env,
		configs:  catalogue.NewMemo[string, *Config](keptConfigs),
		programs: catalogue.NewMemo[string, compiled](keptPrograms),
	}, nil
}

// Config is a kubelet configuration that has been read. It is immutable and shared.
type Config struct {
	written kubelet.Configuration
	invalid field.ErrorList
	// programs are the expressions by field, uncompilable the errors of those that are
	// none.
	programs     map[string]cel.Program
	uncompilable map[string]error
	disabled     bool
}

// Read returns the configuration for listing and launching types. With the gate off
// its expressions are left out, so that defaults hold; one that breaks a rule is an
// error, which is a *Violation (AWS-023).
func (r *Reader) Read(raw *runtime.RawExtension) (*Config, error) {
	c := r.config(raw)
	if v := violation(ReasonInvalid, c.invalid); v != nil {
		return nil, fmt.Errorf("reading the kubelet configuration: %w", v)
	}
	return c, nil
}

// Check returns what is wrong with a configuration for an image family, without
// evaluating anything; nil if nothing is. The first step that finds something decides:
// structure, gate, compilation, what the family cannot be given (AWS-021 to AWS-023,
// AWS-026).
func (r *Reader) Check(raw *runtime.RawExtension, family string) *Violation {
	c := r.config(raw)
	for _, step := range []struct {
		reason string
		errs   field.ErrorList
	}{
		{ReasonInvalid, c.invalid},
		{ReasonDisabled, c.forbidden()},
		{ReasonExpression, c.badExpressions()},
		{ReasonUnsupported, unsupported(c.written, family)},
	} {
		if v := violation(step.reason, step.errs); v != nil {
			return v
		}
	}
	return nil
}

func (r *Reader) config(raw *runtime.RawExtension) *Config {
	text := ""
	if raw != nil {
		text = string(raw.Raw)
	}
	return r.configs.Get(text, func() *Config { return r.newConfig(text) })
}

func (r *Reader) newConfig(text string) *Config {
	c := &Config{programs: map[string]cel.Program{}, uncompilable: map[string]error{}, disabled: !r.opts.Expressions}
	c.written, c.invalid = kubelet.Reader{Path: root(), Expressions: true}.Read([]byte(text))
	if c.disabled {
		return c
	}
	for name, expression := range c.written.Expressions {
		program := r.programs.Get(expression, func() compiled { return compile(r.env, expression) })
		if program.err != nil {
			c.uncompilable[name] = program.err
			continue
		}
		c.programs[name] = program.program
	}
	return c
}

// expressions are the fields that hold one, in their order.
func (c *Config) expressions() []string { return slices.Sorted(maps.Keys(c.written.Expressions)) }

// reservedExpressions are those of reserved amounts.
func (c *Config) reservedExpressions() []string {
	return slices.DeleteFunc(c.expressions(), func(name string) bool { return name == maxPods })
}

func (c *Config) forbidden() field.ErrorList {
	if !c.disabled {
		return nil
	}
	var errs field.ErrorList
	for _, name := range c.expressions() {
		errs = append(errs, field.Forbidden(pathOf(name), "is an expression, which the feature gate NodeClassCEL allows"))
	}
	return errs
}

func (c *Config) badExpressions() field.ErrorList {
	var errs field.ErrorList
	for _, name := range c.expressions() {
		if err := c.uncompilable[name]; err != nil {
			errs = append(errs, field.Invalid(pathOf(name), c.written.Expressions[name], err.Error()))
		}
	}
	return errs
}
