// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// root may do everything.
const root = "root@pam"

// user is somebody who may call, in use.
type user struct {
	User
	order   int     // among those of the setup
	setup   []Grant // as they were at the start
	changed bool    // Grants are others
}

// ticket is what a password was exchanged for.
type ticket struct {
	user    string
	csrf    string
	expires time.Time
}

// ticketLife is how long tickets are good for.
const ticketLife = 2 * time.Hour

func (r *region) admit(users []User) error {
	if len(users) == 0 {
		users = []User{{Name: root, Password: "secret"}}
	}
	for _, in := range users {
		if !strings.Contains(in.Name, "@") {
			return fmt.Errorf("user %s: a name has a realm", in.Name)
		}
		r.users[in.Name] = &user{User: in, order: len(r.users), setup: in.Grants}
	}
	return nil
}

// firstToken is the first token of the first user that has one; empty: nobody has.
func (r *region) firstToken() (id, secret string) {
	users := slices.SortedFunc(maps.Values(r.users), func(a, b *user) int { return a.order - b.order })
	for _, u := range users {
		for _, token := range u.Tokens {
			return u.Name + "!" + token.ID, token.Secret
		}
	}
	return "", ""
}

// caller is who calls.
type caller struct {
	region *region
	user   *user
	token  *Token // nil: with a ticket
	name   string // of the token, else of the user
}

// Is implements schema.Subject.
func (c *caller) Is(name string) bool { return c.user.Name == name && c.token == nil }

// isRoot reports whether it is root itself: some options are for no token.
func (c *caller) isRoot() bool { return c.Is(root) }

// Has implements schema.Subject. Members of a pool have the privileges that are given on
// the pool.
func (c *caller) Has(path, privilege string) bool {
	held := c.held(path, privilege)
	if held {
		c.region.needed[privilegeOf{c.user.Name, privilege}] = true
	}
	return held
}

func (c *caller) held(path, privilege string) bool {
	if c.has(path, privilege) {
		return true
	}
	id, err := strconv.Atoi(strings.TrimPrefix(path, "/vms/"))
	if err != nil {
		return false
	}
	m := c.region.machines[id]
	return m != nil && m.pool != "" && c.has("/pool/"+m.pool, privilege)
}

func (c *caller) has(path, privilege string) bool {
	if c.user.Name != root && !granted(c.user.Grants, path, privilege) {
		return false
	}
	return c.token == nil || !c.token.Separate || granted(c.token.Grants, path, privilege)
}

// granted looks at the grants on the longest path only.
func granted(grants []Grant, path, privilege string) bool {
	longest, held := -1, false
	for _, g := range grants {
		on := strings.TrimSuffix(g.Path, "/")
		below := strings.HasPrefix(path, on+"/") && !g.Here
		if path != g.Path && !below {
			continue
		}
		switch has := slices.Contains(g.Privileges, privilege); {
		case len(on) > longest:
			longest, held = len(on), has
		case len(on) == longest:
			held = held || has
		}
	}
	return held
}

// authenticate finds out who calls. Giving out tickets asks nobody.
func (r *request) authenticate(hr *http.Request) *failure {
	if r.operation.Path == "/access/ticket" {
		return nil
	}
	if given, ok := strings.CutPrefix(hr.Header.Get("Authorization"), "PVEAPIToken="); ok {
		return r.byToken(given)
	}
	if cookie, err := hr.Cookie("PVEAuthCookie"); err == nil {
		return r.byTicket(hr, cookie.Value)
	}
	return &failure{status: http.StatusUnauthorized, message: "No ticket"}
}

func (r *request) byToken(given string) *failure {
	id, secret, _ := strings.Cut(given, "=")
	name, tokenID, _ := strings.Cut(id, "!")
	if u := r.users[name]; u != nil {
		for i, token := range u.Tokens {
			if token.ID == tokenID && token.Secret == secret {
				r.caller = &caller{region: r.region, user: u, token: &u.Tokens[i], name: id}
				return nil
			}
		}
	}
	return &failure{status: http.StatusUnauthorized, message: "invalid token value!"}
}

func (r *request) byTicket(hr *http.Request, given string) *failure {
	t, ok := r.tickets[given]
	if !ok || !r.now.Before(t.expires) {
		return &failure{status: http.StatusUnauthorized, message: "permission denied - invalid PVE ticket"}
	}
	if hr.Method != http.MethodGet && hr.Header.Get("CSRFPreventionToken") != t.csrf {
		return &failure{status: http.StatusUnauthorized, message: "permission denied - invalid csrf token"}
	}
	r.caller = &caller{region: r.region, user: r.users[t.user], name: t.user}
	return nil
}

func accessCalls() map[string]handler {
	return map[string]handler{
		"GET /version": func(*request) (any, *failure) {
			return map[string]any{"version": "9.0.3", "release": "9.0", "repoid": "simulated"}, nil
		},
		"POST /access/ticket":     giveTicket,
		"GET /access/permissions": ownPermissions,
	}
}

func giveTicket(r *request) (any, *failure) {
	u := r.users[r.in["username"]]
	if u == nil || u.Password == "" || u.Password != r.in["password"] {
		return nil, &failure{status: http.StatusUnauthorized, message: "authentication failure"}
	}
	text := "PVE:" + u.Name + ":" + r.cloud.ids.Hex("", 32)
	t := ticket{user: u.Name, csrf: r.cloud.ids.Hex("", 32), expires: r.now.Add(ticketLife)}
	r.tickets[text] = t
	return map[string]any{"ticket": text, "CSRFPreventionToken": t.csrf, "username": u.Name, "clustername": r.name}, nil
}

// ownPermissions are the privileges of the caller by path, of grants as they are written.
func ownPermissions(r *request) (any, *failure) {
	out := map[string]map[string]int{}
	for _, grants := range [][]Grant{r.caller.user.Grants, r.caller.tokenGrants()} {
		for _, g := range grants {
			for _, privilege := range g.Privileges {
				if !r.caller.Has(g.Path, privilege) {
					continue
				}
				if out[g.Path] == nil {
					out[g.Path] = map[string]int{}
				}
				out[g.Path][privilege] = map[bool]int{true: 0, false: 1}[g.Here]
			}
		}
	}
	return out, nil
}

func (c *caller) tokenGrants() []Grant {
	if c.token == nil {
		return nil
	}
	return c.token.Grants
}

// need refuses callers who lack a privilege.
func (r *request) need(path, privilege string) *failure {
	if r.caller.Has(path, privilege) {
		return nil
	}
	return denied(path, privilege)
}

// needAny refuses callers who lack all of some privileges.
func (r *request) needAny(path string, privileges ...string) *failure {
	for _, privilege := range privileges {
		if r.caller.Has(path, privilege) {
			return nil
		}
	}
	return denied(path, strings.Join(privileges, "|"))
}
