// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider/kit/errortable"
)

// Codes that the cloud does not have: what the SDK says by types is a code for rows.
const (
	// codeNoAnswer: nothing came back, or nothing readable.
	codeNoAnswer = "Client.NoAnswer"
	// codeExhausted: the SDK has given up trying again (AWS-431).
	codeExhausted = "Client.RetriesExhausted"
)

// Of reads the failure of a call; err is not nil.
func Of(err error) errortable.Failure {
	f := errortable.FailureOf(err)
	switch {
	case exhausted(err):
		f.Code, f.Message = codeExhausted, err.Error()
	case f.Code == "" && f.HTTPStatus == 0:
		f.Code = codeNoAnswer
	}
	return f
}

// OfFleet reads an error within the answer of CreateFleet. Missing parts are tolerated
// (AWS-294).
func OfFleet(e types.CreateFleetError) errortable.Failure {
	return errortable.Failure{Code: aws.ToString(e.ErrorCode), Message: aws.ToString(e.ErrorMessage)}
}

// exhausted reports whether the SDK tried again until it gave up. One attempt alone is
// no retry.
func exhausted(err error) bool {
	var quota ratelimit.QuotaExceededError
	var attempts *retry.MaxAttemptsError
	return errors.As(err, &quota) || errors.As(err, &attempts) && attempts.Attempt > 1
}
