// SPDX-License-Identifier: Apache-2.0

package kubeletconfig

import (
	"fmt"
	"math"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

const (
	// maxExpression bounds the characters of an expression, maxCost what an evaluation
	// may cost; sensible ones stay far below.
	maxExpression = 4096
	maxCost       = 100_000
)

// Variables are what expressions may ask of an instance type (AWS-024).
type Variables struct {
	InstanceType string
	// VCPUs and MemoryMiB are as the cloud reports them.
	VCPUs     int64
	MemoryMiB int64
	// DefaultENIs is the most interfaces of the default network card, IPsPerENI the
	// IPv4 addresses of each.
	DefaultENIs int64
	IPsPerENI   int64
	// MaxPods is what maxPods would be without configuration (AWS-207).
	MaxPods int64
}

// values are by name, with what max_pods is for this expression.
func (v Variables) values(maxPods int64) map[string]any {
	return map[string]any{
		"vcpus":         v.VCPUs,
		"memory_mib":    v.MemoryMiB,
		"default_enis":  v.DefaultENIs,
		"ips_per_eni":   v.IPsPerENI,
		"max_pods":      maxPods,
		"instance_type": v.InstanceType,
	}
}

func newEnv() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable("vcpus", cel.IntType),
		cel.Variable("memory_mib", cel.IntType),
		cel.Variable("default_enis", cel.IntType),
		cel.Variable("ips_per_eni", cel.IntType),
		cel.Variable("max_pods", cel.IntType),
		cel.Variable("instance_type", cel.StringType),
		ofTwo("max", func(a, b int64) int64 { return max(a, b) }, math.Max),
		ofTwo("min", func(a, b int64) int64 { return min(a, b) }, math.Min),
		cel.ParserExpressionSizeLimit(maxExpression),
	)
}

// ofTwo is a function of two numbers. Of an int and a double it is a double.
func ofTwo(name string, ofInts func(a, b int64) int64, ofDoubles func(a, b float64) float64) cel.EnvOption {
	doubles := func(a, b ref.Val) ref.Val {
		x, okX := float(a)
		y, okY := float(b)
		if !okX || !okY {
			return types.MaybeNoSuchOverloadErr(a)
		}
		return types.Double(ofDoubles(x, y))
	}
	ints := func(a, b ref.Val) ref.Val {
		x, okX := a.(types.Int)
		y, okY := b.(types.Int)
		if !okX || !okY {
			return types.MaybeNoSuchOverloadErr(a)
		}
		return types.Int(ofInts(int64(x), int64(y)))
	}
	overload := func(suffix string, a, b, result *cel.Type, f func(a, b ref.Val) ref.Val) cel.FunctionOpt {
		return cel.Overload(name+"_"+suffix, []*cel.Type{a, b}, result, cel.BinaryBinding(f))
	}
	return cel.Function(name,
		overload("int_int", cel.IntType, cel.IntType, cel.IntType, ints),
		overload("int_double", cel.IntType, cel.DoubleType, cel.DoubleType, doubles),
		overload("double_int", cel.DoubleType, cel.IntType, cel.DoubleType, doubles),
		overload("double_double", cel.DoubleType, cel.DoubleType, cel.DoubleType, doubles),
	)
}

func float(v ref.Val) (float64, bool) {
	switch v := v.(type) {
	case types.Int:
		return float64(v), true
	case types.Double:
		return float64(v), true
	}
	return 0, false
}

// compiled is an expression, or why it is none.
type compiled struct {
	program cel.Program
	err     error
}

// compile checks that the result is a number. Of a result whose type depends on the
// values, evaluation finds out.
func compile(env *cel.Env, expression string) compiled {
	ast, issues := env.Compile(expression)
	if err := issues.Err(); err != nil {
		return compiled{err: fmt.Errorf("is no expression: %w", err)}
	}
	switch ast.OutputType().Kind() {
	case types.IntKind, types.DoubleKind, types.DynKind:
	default:
		return compiled{err: fmt.Errorf("must be an int or a double, is %s", ast.OutputType())}
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost))
	if err != nil {
		return compiled{err: fmt.Errorf("is no expression that can be evaluated: %w", err)}
	}
	return compiled{program: program}
}

// evaluate returns a whole number: fractions are cut off (AWS-024).
func evaluate(program cel.Program, values map[string]any) (int64, error) {
	result, _, err := program.Eval(values)
	if err != nil {
		return 0, fmt.Errorf("evaluating: %w", err)
	}
	switch n := result.(type) {
	case types.Int:
		return int64(n), nil
	case types.Double:
		return whole(float64(n))
	}
	return 0, fmt.Errorf("the result must be an int or a double, is %s", result.Type().TypeName())
}

func whole(f float64) (int64, error) {
	const limit = 1 << 63 // the first double beyond int64
	if math.IsNaN(f) || f >= limit || f < -limit {
		return 0, fmt.Errorf("the result %v is no number of use", f)
	}
	return int64(f), nil
}
