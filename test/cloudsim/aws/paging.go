// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"strings"

	"karpenter.sh/test/cloudsim/lag"
	"karpenter.sh/test/cloudsim/wire"
)

// paging is how a call cuts its list.
type paging struct {
	// limit and token are the names of members; of the answer too.
	limit, token string
	// most is how many a page holds where the request does not say; 0: all.
	most int
}

func ec2Paging() paging { return paging{limit: "MaxResults", token: "NextToken"} }

// pageOf is the number of the page that a token asks for. Tokens carry it in front, with
// a separator that all services take.
func (r *request) pageOf(token string) int {
	number, _, found := strings.Cut(token, "/")
	if !found || len(number) == 0 {
		return 0
	}
	n := 0
	for _, digit := range number {
		if digit < '0' || digit > '9' {
			return 0
		}
		n = n*10 + int(digit-'0')
	}
	return n
}

// cut returns the page of a list that the request asks for, and puts the next token
// into the answer. key names an item; keys ascend over items.
func cut[T any](r *request, items []T, key func(T) string, p paging, out wire.Tree) ([]T, error) {
	limit := r.in.Int(p.limit)
	if limit == 0 {
		limit = p.most
	}
	_, inner, _ := strings.Cut(r.in.Str(p.token), "/")
	if r.in.Str(p.token) != "" && inner == "" {
		inner = "x" // no token of ours
	}
	page, next, err := lag.Page(items, key, inner, limit)
	if err != nil {
		return nil, wire.Errorf("InvalidNextToken", "The token '%s' is invalid.", r.in.Str(p.token))
	}
	if next != "" {
		out[p.token] = itoa(r.page()+1) + "/" + next
	}
	return page, nil
}
