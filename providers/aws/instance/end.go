// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"context"
	"maps"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"karpenter.sh/providers/aws/failure"
)

// hopeless is in how many parts, none of which may be ended, a call is taken for one that
// lacks the permission altogether.
const hopeless = 8

// end ends some machines, and tells which of them are ending. Others are asked for again
// singly (AWS-325). EC2 refuses all for one that a policy protects, and does not say which
// one that is: parts that are refused are halved until it is alone, unless the permission
// is found to be missing for all.
func (s *Instances) end(ctx context.Context, _ string, ids []string) (map[string]State, error) {
	answer := map[string]State{}
	var denied error
	for parts := [][]string{ids}; len(parts) > 0; {
		results := make([]ended, len(parts))
		var work sync.WaitGroup
		for i, part := range parts {
			work.Go(func() { results[i] = s.endPart(ctx, part) })
		}
		work.Wait()
		var smaller [][]string
		refused := 0
		for i, r := range results {
			maps.Copy(answer, r.states)
			switch {
			case r.err == nil:
				continue
			case !failure.IsUnauthorized(r.err):
				return answer, r.err // what else it means, the batch knows
			}
			denied = r.err
			refused++
			if n := len(parts[i]); n > 1 {
				smaller = append(smaller, parts[i][:n/2], parts[i][n/2:])
			}
		}
		if refused >= hopeless && refused == len(parts) {
			break
		}
		parts = smaller
	}
	return answer, denied
}

// ended is what came of one call.
type ended struct {
	states map[string]State
	err    error
}

func (s *Instances) endPart(ctx context.Context, ids []string) ended {
	out, err := s.opts.API.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})
	if err != nil {
		return ended{err: err}
	}
	states := map[string]State{}
	for _, i := range out.TerminatingInstances {
		if i.CurrentState == nil {
			continue
		}
		if state := State(i.CurrentState.Name); state.Ending() {
			states[aws.ToString(i.InstanceId)] = state
		}
	}
	return ended{states: states}
}
