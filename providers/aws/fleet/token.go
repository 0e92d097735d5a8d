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
	mu    sync.Mutex
	known map[string]*asked
	order []string // the oldest first
}

// asked is a request that was made.
type asked struct {
	// answered is how often.
	answered int
	// open says that it was made and not answered since.
	open bool
}

// tokensKept bounds what is remembered. What falls out can only make EC2 repeat an old
// answer.
const tokensKept = 10000

func newTokens() *tokens { return &tokens{known: map[string]*asked{}} }

// use is a token and what is known of it.
type use struct {
	token string
	// name is that under which its answer is to be told.
	name string
	// repeated says that EC2 may have answered it before, to nobody.
	repeated bool
}

// of returns the token of a request that some NodeClaims make together.
func (t *tokens) of(uids []types.UID, in *ec2.CreateFleetInput) (use, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return use{}, fmt.Errorf("naming a fleet request: %w", err)
	}
	names := make([]string, len(uids))
	for i, uid := range uids {
		names[i] = string(uid)
	}
	slices.Sort(names)
	all := types.UID(strings.Join(names, ","))
	name := ledger.Token(all, string(text), 0)
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.known[name]
	if a == nil {
		a = t.add(name)
	}
	u := use{token: ledger.Token(all, string(text), a.answered), name: name, repeated: a.open}
	a.open = true
	return u, nil
}

// add is called with mu held.
func (t *tokens) add(name string) *asked {
	a := &asked{}
	t.known[name] = a
	t.order = append(t.order, name)
	if len(t.order) > tokensKept {
		delete(t.known, t.order[0])
		t.order = t.order[1:]
	}
	return a
}

// spend tells that a request has been answered, whatever the answer was.
func (t *tokens) spend(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.known[name]; a != nil {
		a.answered++
		a.open = false
	}
}
