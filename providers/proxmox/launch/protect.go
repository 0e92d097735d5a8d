// SPDX-License-Identifier: Apache-2.0

package launch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"karpenter.sh/providers/proxmox/firewall"
	"karpenter.sh/providers/proxmox/pve"
)

// errRulesChanged means that somebody else changes the rules of a machine at the same time.
var errRulesChanged = errors.New("somebody else changes the rules of the firewall; they are looked at again")

// Protect brings the firewall of a machine to groups (PVE-087, PVE-088). It is switched on
// after rules were added, and off before they go, so that it never drops all in between. No
// rule is deleted that somebody put in the place of another: that is an error, and nothing is
// added twice by a repeat.
func Protect(ctx context.Context, c *pve.Client, at pve.Place, groups []firewall.Group) error {
	if err := checkGroups(ctx, c, groups); err != nil {
		return err
	}
	surplus, err := addRules(ctx, c, at, groups)
	if err != nil {
		return err
	}
	if len(groups) > 0 || len(surplus) > 0 {
		if err := switchFirewall(ctx, c, at, len(groups) > 0); err != nil {
			return err
		}
	}
	for range surplus { // each deletion makes another list, with another digest
		change, err := planRules(ctx, c, at, groups)
		switch {
		case err != nil:
			return err
		case len(change.Add) > 0:
			return errRulesChanged
		case len(change.Delete) == 0:
			return nil
		}
		if err := c.DeleteRule(ctx, at, change.Delete[0]); err != nil {
			return err
		}
	}
	return nil
}

func checkGroups(ctx context.Context, c *pve.Client, groups []firewall.Group) error {
	if len(groups) == 0 {
		return nil
	}
	known, err := c.SecurityGroups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if !slices.Contains(known, g.Name) {
			return fmt.Errorf("there is no security group %q", g.Name)
		}
	}
	return nil
}

// addRules adds what is missing, and returns the rules that are too many then.
func addRules(ctx context.Context, c *pve.Client, at pve.Place, groups []firewall.Group) ([]pve.Rule, error) {
	change, err := planRules(ctx, c, at, groups)
	if err != nil || len(change.Add) == 0 {
		return change.Delete, err
	}
	for _, rule := range change.Add {
		if err := c.AddRule(ctx, at, rule); err != nil {
			return nil, err
		}
	}
	if change, err = planRules(ctx, c, at, groups); err != nil {
		return nil, err
	}
	if len(change.Add) > 0 {
		return nil, errRulesChanged
	}
	return change.Delete, nil
}

func planRules(ctx context.Context, c *pve.Client, at pve.Place, groups []firewall.Group) (firewall.Change, error) {
	rules, err := c.FirewallRules(ctx, at)
	if err != nil {
		return firewall.Change{}, err
	}
	return firewall.Plan(rules, groups), nil
}

func switchFirewall(ctx context.Context, c *pve.Client, at pve.Place, on bool) error {
	options, err := c.FirewallOptions(ctx, at)
	if err != nil {
		return err
	}
	set := firewall.Off(options)
	if on {
		set = firewall.On(options)
	}
	if len(set) == 0 {
		return nil
	}
	return c.SetFirewallOptions(ctx, at, set)
}
