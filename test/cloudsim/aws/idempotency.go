// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"crypto/sha256"

	"karpenter.sh/test/cloudsim/wire"
)

// tokens remember the answers of calls with a client token, the last of them only.
type tokens struct {
	answers map[string]remembered
	order   []string
}

type remembered struct {
	digest [sha256.Size]byte // of the request
	out    wire.Tree
}

// tokenLimit bounds how many answers are remembered.
const tokenLimit = 4096

func newTokens() tokens { return tokens{answers: map[string]remembered{}} }

// once answers a repeated call with the same client token as the first time.
func (r *request) once(h handler) (wire.Tree, error) {
	token := r.in.Str("ClientToken")
	if token == "" || r.in.Bool("DryRun") {
		return h(r)
	}
	key := r.call + "/" + token
	if known, ok := r.tokens.answers[key]; ok {
		if known.digest != r.digest {
			return nil, wire.Errorf("IdempotentParameterMismatch", "The client token has already been used with other parameters.")
		}
		return known.out, nil
	}
	out, err := h(r)
	if err != nil {
		return nil, err
	}
	r.tokens.answers[key] = remembered{r.digest, out}
	r.tokens.order = append(r.tokens.order, key)
	if len(r.tokens.order) > tokenLimit {
		delete(r.tokens.answers, r.tokens.order[0])
		r.tokens.order = r.tokens.order[1:]
	}
	return out, nil
}
