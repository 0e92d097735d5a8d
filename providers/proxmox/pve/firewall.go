// SPDX-License-Identifier: Apache-2.0

package pve

import (
	"context"
	"strconv"
)

// SecurityGroups are the names of the groups of the cluster's firewall.
func (c *Client) SecurityGroups(ctx context.Context) ([]string, error) {
	var groups []struct {
		Name string `json:"group"`
	}
	err := c.get(ctx, "/cluster/firewall/groups", nil, &groups)
	out := make([]string, len(groups))
	for i, g := range groups {
		out[i] = g.Name
	}
	return out, err
}

// FirewallOptions reads the options of a machine's firewall.
func (c *Client) FirewallOptions(ctx context.Context, of Place) (Options, error) {
	var out Options
	err := c.get(ctx, of.path("firewall", "options"), nil, &out)
	return out, err
}

// SetFirewallOptions changes options of a machine's firewall.
func (c *Client) SetFirewallOptions(ctx context.Context, of Place, set Options) error {
	in := parameters{}
	for name, value := range set {
		in[name] = value
	}
	return c.put(ctx, of.path("firewall", "options"), in, nil)
}

// Rule is a rule of a machine's firewall.
type Rule struct {
	// Position is its place, from 0.
	Position int `json:"pos"`
	// Type is group for rules that stand for a security group, whose name is the action.
	Type   string `json:"type"`
	Action string `json:"action"`
	// Interface is the network device that it applies to; empty: all.
	Interface string `json:"iface"`
	Enabled   int    `json:"enable"`
	// Digest is that of the whole list, as it was read.
	Digest string `json:"digest"`
}

// FirewallRules are the rules of a machine's firewall, in their order.
func (c *Client) FirewallRules(ctx context.Context, of Place) ([]Rule, error) {
	var out []Rule
	err := c.get(ctx, of.path("firewall", "rules"), nil, &out)
	return out, err
}

// AddRule puts a rule before all others: the API takes no other place.
func (c *Client) AddRule(ctx context.Context, of Place, rule Rule) error {
	in := parameters{"type": rule.Type, "action": rule.Action, "enable": rule.Enabled}
	if rule.Interface != "" {
		in["iface"] = rule.Interface
	}
	return c.post(ctx, of.path("firewall", "rules"), in, nil)
}

// DeleteRule deletes a rule, by its place. Those after it move up. If the rules have changed
// since it was read, nothing is deleted, and the error says so.
func (c *Client) DeleteRule(ctx context.Context, of Place, rule Rule) error {
	return c.delete(ctx, of.path("firewall", "rules", strconv.Itoa(rule.Position)), parameters{"digest": rule.Digest}, nil)
}

// Pools are asked for by parameter, since names with levels are no part of a path.

// JoinPool puts a machine into a pool, also out of another one.
func (c *Client) JoinPool(ctx context.Context, pool string, id int) error {
	return c.put(ctx, "/pools", parameters{"poolid": pool, "vms": strconv.Itoa(id), "allow-move": 1}, nil)
}

// LeavePool takes a machine out of its pool.
func (c *Client) LeavePool(ctx context.Context, pool string, id int) error {
	return c.put(ctx, "/pools", parameters{"poolid": pool, "vms": strconv.Itoa(id), "delete": 1}, nil)
}
