// SPDX-License-Identifier: Apache-2.0

package errortable

import (
	"net/http"

	"karpenter.sh/core/cloudprovider"
)

// ByStatus returns the rows that end a table: what HTTP says when the cloud's
// codes say nothing known (KIT-065). Rows of a table that come before may use the
// same statuses with a code.
func ByStatus() []Row {
	const unauthorized, invalid = "Unauthorized", "InvalidParameter"
	create := cloudprovider.ClassCreateError
	return []Row{
		{Name: "http-throttled", When: Match{Status: http.StatusTooManyRequests}, Throttled: true, Reason: "Throttled"},
		{Name: "http-server", When: Match{Status: 500, StatusTo: 599}, Reason: "ServerError"},
		{Name: "http-unauthenticated", When: Match{Status: http.StatusUnauthorized}, Class: create, Reason: unauthorized},
		{Name: "http-forbidden", When: Match{Status: http.StatusForbidden}, Class: create, Reason: unauthorized},
		{Name: "http-bad-request", When: Match{Status: http.StatusBadRequest}, Class: create, Reason: invalid},
		{Name: "http-unprocessable", When: Match{Status: http.StatusUnprocessableEntity}, Class: create, Reason: invalid},
	}
}
