// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"errors"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/awslabs/operatorpkg/serrors"
)

// keyed is an error that the logger shows keys of, while its text stays the cause's:
// texts go into conditions and events, where keys would only repeat them.
type keyed struct{ cause, values error }

func (e *keyed) Error() string { return e.cause.Error() }

// Unwrap leads to the values and over them to the cause.
func (e *keyed) Unwrap() error { return e.values }

// withKeys gives an error the keys that it is logged with (AWS-007).
func withKeys(ctx context.Context, err error, status int, metadata middleware.Metadata) error {
	if err == nil {
		return nil
	}
	keys := []any{"aws-service-name", awsmiddleware.GetServiceID(ctx), "aws-operation-name", awsmiddleware.GetOperationName(ctx)}
	if id := requestID(err, metadata); id != "" {
		keys = append(keys, "aws-request-id", id)
	}
	if status != 0 {
		keys = append(keys, "aws-status-code", status)
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		keys = append(keys, "aws-error-code", api.ErrorCode())
	}
	return &keyed{cause: err, values: serrors.Wrap(err, keys...)}
}

func requestID(err error, metadata middleware.Metadata) string {
	var answered interface{ ServiceRequestID() string }
	if errors.As(err, &answered) {
		return answered.ServiceRequestID()
	}
	id, _ := awsmiddleware.GetRequestIDMetadata(metadata)
	return id
}
