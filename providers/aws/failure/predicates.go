// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"karpenter.sh/core/cloudprovider/kit/errortable"
)

// Code is the cloud's code of an error, through any wrapping; empty if it has none.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func message(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// IsNotFound reports whether what was named is not there (AWS-300).
func IsNotFound(err error) bool {
	return slices.Contains([]string{
		"InvalidInstanceID.NotFound", "InvalidCapacityReservationId.NotFound", "InvalidPlacementGroup.Unknown",
		"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
		"NoSuchEntity", "ParameterNotFound", "ParameterVersionNotFound", "ResourceNotFoundException",
	}, Code(err)) || IsTemplateNotFound(err)
}

// IsTemplateNotFound reports whether a launch template is not there (AWS-292).
func IsTemplateNotFound(err error) bool {
	return slices.Contains([]string{
		"InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.NotFoundException",
	}, Code(err))
}

// IsAlreadyExists reports whether what was to be made is there: somebody else was first.
func IsAlreadyExists(err error) bool {
	return slices.Contains([]string{
		"EntityAlreadyExists", "InvalidLaunchTemplateName.AlreadyExistsException",
	}, Code(err))
}

// IsThrottled reports whether the cloud, or the SDK in its place, wants fewer calls
// (AWS-431).
func IsThrottled(err error) bool {
	if err == nil {
		return false
	}
	return exhausted(err) || IsThrottleCode(err)
}

// IsThrottleCode reports whether the cloud itself said that it wants fewer calls: then the
// call has done nothing.
func IsThrottleCode(err error) bool {
	byCode := retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}
	return byCode.IsErrorThrottle(err) == aws.TrueTernary || status(err) == http.StatusTooManyRequests
}

// IsUnsent reports whether a call failed before anything was sent: no connection, no
// address of the host, no credentials.
func IsUnsent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	var signing *signer.SigningError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns) || errors.As(err, &signing) ||
		err != nil && strings.Contains(err.Error(), "get identity: ") // the SDK has no type for it
}

// IsUnauthorized reports whether a permission is missing. PermissionMissing says which.
func IsUnauthorized(err error) bool {
	return slices.Contains([]string{
		"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthFailure",
	}, Code(err))
}

// IsPolicy reports whether a policy forbids the call, which lasts until somebody changes
// it. What else is unauthorized may be so for a moment, as with credentials that are just
// being replaced.
func IsPolicy(err error) bool { return Code(err) == "UnauthorizedOperation" }

// IsDryRunPassed reports whether a dry run would have succeeded.
func IsDryRunPassed(err error) bool { return Code(err) == "DryRunOperation" }

// IsServerFault reports whether the service itself failed. EC2 says that by the status
// only.
func IsServerFault(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorFault() == smithy.FaultServer || status(err) >= http.StatusInternalServerError
}

// IsProfileMissing reports whether EC2 does not know the instance profile (yet).
func IsProfileMissing(err error) bool {
	return Code(err) == "InvalidParameterValue" && strings.Contains(message(err), "Invalid IAM Instance Profile name")
}

// IsRoleMissing reports whether IAM does not know the role. A missing profile is not
// taken for it, although its name may have "role" in it.
func IsRoleMissing(err error) bool {
	text := strings.ToLower(message(err))
	return Code(err) == "NoSuchEntity" && strings.Contains(text, "role") && !strings.Contains(text, "instance profile")
}

const userDataLimit = "User data is limited to"

// IsUserDataTooLarge reports whether EC2 refused user data for their size.
func IsUserDataTooLarge(err error) bool {
	return Code(err) == "InvalidUserData.Malformed" && strings.Contains(message(err), userDataLimit)
}

// status is the HTTP status that came with an error; 0: none.
func status(err error) int {
	if err == nil {
		return 0
	}
	return errortable.FailureOf(err).HTTPStatus
}
