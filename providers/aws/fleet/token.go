// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider/kit/ledger"
)

// tokens name calls, so that EC2 knows a repeated one. A token is a function of who asks
// and of all that is asked for, and of how often that has been answered: EC2 answers an
// old token with the old answer, which may be a failure that has passed, or machines that
// have ended.
type tokens struct {
	mu       sync.Mutex
	answered map[string]int
	order    []string // the oldest first
}

// tokensKept bounds what is remembered. What falls out can only make EC2 repeat an old
// answer.
const tokensKept = 10000

func newTokens() *tokens { return &tokens{answered: map[string]int{}} }

// of returns the token of a request that some NodeClaims make together, and the name
// under which its answer is to be told.
func (t *tokens) of(uids []types.UID, in *ec2.CreateFleetInput) (token, name string, err error) {
	text, err := json.Marshal(in)
	if err != nil {
		return "", "", fmt.Errorf("naming a fleet request: %w", err)
	}
	names := make([]string, len(uids))
	for i, uid := range uids {
		names[i] = string(uid)
	}
	slices.Sort(names)
	all := types.UID(strings.Join(names, ","))
	name = ledger.Token(all, string(text), 0)
	t.mu.Lock()
	defer t.mu.Unlock()
	return ledger.Token(all, string(text), t.answered[name]), name, nil
}

// spend tells that a request has been answered, whatever the answer was.
func (t *tokens) spend(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.answered[name]++; t.answered[name] > 1 {
		return
	}
	t.order = append(t.order, name)
	if len(t.order) > tokensKept {
		delete(t.answered, t.order[0])
		t.order = t.order[1:]
	}
}
