// SPDX-License-Identifier: Apache-2.0

package proxmox

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// firewall is that of a machine.
type firewall struct {
	options map[string]string
	rules   []map[string]string
}

func (f firewall) clone() firewall {
	out := firewall{options: maps.Clone(f.options)}
	for _, rule := range f.rules {
		out.rules = append(out.rules, maps.Clone(rule))
	}
	return out
}

// digest is that of the rules, in their order.
func (f firewall) digest() string {
	var text strings.Builder
	for _, rule := range f.rules {
		text.WriteString(written(rule) + "\n")
	}
	return hash(text.String())
}

func firewallCalls() map[string]handler {
	const on = "/nodes/{node}/qemu/{vmid}/firewall"
	return map[string]handler{
		"GET " + on + "/options":        firewallOptions,
		"PUT " + on + "/options":        setFirewallOptions,
		"GET " + on + "/rules":          firewallRules,
		"POST " + on + "/rules":         addRule,
		"PUT " + on + "/rules/{pos}":    changeRule,
		"DELETE " + on + "/rules/{pos}": deleteRule,
	}
}

// shown are values as answers have them: numbers as numbers.
func shown(values map[string]string) map[string]any {
	out := map[string]any{}
	for name, value := range values {
		out[name] = value
		if n, err := strconv.Atoi(value); err == nil {
			out[name] = n
		}
	}
	return out
}

func firewallOptions(r *request) (any, *failure) {
	m, failed := r.machine()
	if failed != nil {
		return nil, failed
	}
	return shown(m.firewall.options), nil
}

// settings are the parameters of a call that are kept.
func (r *request) settings() map[string]string {
	out := map[string]string{}
	for name, value := range r.in {
		if !slices.Contains([]string{"node", "vmid", "pos", "moveto", "delete", "digest"}, name) {
			out[name] = value
		}
	}
	return out
}

func setFirewallOptions(r *request) (any, *failure) {
	m, failed := r.machine()
	if failed != nil {
		return nil, failed
	}
	for name := range strings.SplitSeq(r.in["delete"], ",") {
		delete(m.firewall.options, name)
	}
	maps.Copy(m.firewall.options, r.settings())
	return nil, nil
}

func firewallRules(r *request) (any, *failure) {
	m, failed := r.machine()
	if failed != nil {
		return nil, failed
	}
	out := []any{}
	for i, rule := range m.firewall.rules {
		entry := shown(rule)
		entry["pos"], entry["digest"] = i, m.firewall.digest()
		out = append(out, entry)
	}
	return out, nil
}

// addRule puts a rule before all others, wherever it is asked to be, as the real one does.
// It is off unless it is said to be on.
func addRule(r *request) (any, *failure) {
	m, failed := r.machine()
	if failed != nil {
		return nil, failed
	}
	rule := r.settings()
	if rule["enable"] == "" {
		rule["enable"] = "0"
	}
	m.firewall.rules = slices.Insert(m.firewall.rules, 0, rule)
	return nil, nil
}

func (r *request) ruleAt() (*machine, int, *failure) {
	m, failed := r.machine()
	if failed != nil {
		return nil, 0, failed
	}
	at, err := strconv.Atoi(r.in["pos"])
	if err != nil || at >= len(m.firewall.rules) {
		return nil, 0, refuse("no rule at position %s", r.in["pos"])
	}
	return m, at, nil
}

func changeRule(r *request) (any, *failure) {
	m, at, failed := r.ruleAt()
	if failed != nil {
		return nil, failed
	}
	rule := m.firewall.rules[at]
	if to, err := strconv.Atoi(r.in["moveto"]); err == nil {
		// The place is that before the move.
		m.firewall.rules = slices.Insert(m.firewall.rules, min(to, len(m.firewall.rules)), rule)
		if to <= at {
			at++
		}
		m.firewall.rules = slices.Delete(m.firewall.rules, at, at+1)
		return nil, nil
	}
	for name := range strings.SplitSeq(r.in["delete"], ",") {
		delete(rule, name)
	}
	maps.Copy(rule, r.settings())
	return nil, nil
}

func deleteRule(r *request) (any, *failure) {
	m, at, failed := r.ruleAt()
	if failed != nil {
		return nil, failed
	}
	if digest := r.in["digest"]; digest != "" && digest != m.firewall.digest() {
		return nil, modified()
	}
	m.firewall.rules = slices.Delete(m.firewall.rules, at, at+1)
	return nil, nil
}
