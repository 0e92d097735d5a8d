// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/wire"
)

// profile is an instance profile of IAM.
type profile struct {
	name, path, id, arn string
	created             time.Time
	changed             time.Time // of itself or its role
	role                string
	tags                map[string]string
}

func createProfile(r *request) (wire.Tree, error) {
	name := r.in.Str("InstanceProfileName")
	if r.profiles[name] != nil {
		return nil, wire.Errorf("EntityAlreadyExists", "Instance Profile %s already exists.", name)
	}
	tags, err := readTags(r.in.Trees("Tags"))
	if err != nil {
		return nil, err
	}
	p := r.newProfile(name, r.in.Str("Path"), tags, r.now)
	r.profiles[name] = p
	return wire.Tree{"InstanceProfile": r.profileTree(p)}, nil
}

// newProfile is a profile without a role.
func (c *Cloud) newProfile(name, path string, tags map[string]string, now time.Time) *profile {
	p := &profile{
		name: name, path: first(path, "/"), id: strings.ToUpper(c.ids.Hex("AIPA", 17)), created: now, changed: now, tags: tags,
	}
	p.arn = fmt.Sprintf("arn:aws:iam::%s:instance-profile%s%s", c.options.Setup.Account, p.path, name)
	return p
}

// profile finds one that can be read by now.
func (r *request) profile(name string) (*profile, error) {
	p := r.profiles[name]
	if p == nil || !r.delays.Shows(lagProfile, p.created, r.now) {
		return nil, wire.Errorf("NoSuchEntity", "Instance Profile %s cannot be found.", name)
	}
	return p, nil
}

func getProfile(r *request) (wire.Tree, error) {
	p, err := r.profile(r.in.Str("InstanceProfileName"))
	if err != nil {
		return nil, err
	}
	return wire.Tree{"InstanceProfile": r.profileTree(p)}, nil
}

func deleteProfile(r *request) (wire.Tree, error) {
	p, err := r.profile(r.in.Str("InstanceProfileName"))
	if err != nil {
		return nil, err
	}
	if p.role != "" {
		return nil, wire.Errorf("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	}
	delete(r.profiles, p.name)
	return nil, nil
}

// listProfiles tells no tags, like the real call.
func listProfiles(r *request) (wire.Tree, error) {
	prefix := first(r.in.Str("PathPrefix"), "/")
	var items []*profile
	for _, name := range slices.Sorted(maps.Keys(r.profiles)) {
		if p := r.profiles[name]; strings.HasPrefix(p.path, prefix) && r.delays.Shows(lagProfile, p.created, r.now) {
			items = append(items, p)
		}
	}
	out := wire.Tree{}
	pages := paging{limit: "MaxItems", token: "Marker", most: 100}
	items, err := cut(r, items, func(p *profile) string { return p.name }, pages, out)
	list := []wire.Tree{}
	for _, p := range items {
		tree := r.profileTree(p)
		delete(tree, "Tags")
		list = append(list, tree)
	}
	out["InstanceProfiles"] = list
	out["IsTruncated"] = out.Has("Marker")
	return out, err
}

func (r *request) roleNamed(name string) (string, error) {
	for _, role := range r.options.Setup.Roles {
		if path.Base(role) == name {
			return role, nil
		}
	}
	return "", wire.Errorf("NoSuchEntity", "The role with name %s cannot be found.", name)
}

func addRole(r *request) (wire.Tree, error) {
	p, err := r.profile(r.in.Str("InstanceProfileName"))
	if err != nil {
		return nil, err
	}
	role, err := r.roleNamed(r.in.Str("RoleName"))
	if err != nil {
		return nil, err
	}
	if p.role != "" {
		return nil, wire.Errorf("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	}
	p.role, p.changed = role, r.now
	return nil, nil
}

func removeRole(r *request) (wire.Tree, error) {
	p, err := r.profile(r.in.Str("InstanceProfileName"))
	if err != nil {
		return nil, err
	}
	if name := r.in.Str("RoleName"); path.Base(p.role) != name {
		return nil, wire.Errorf("NoSuchEntity", "The role with name %s cannot be found.", name)
	}
	p.role, p.changed = "", r.now
	return nil, nil
}

func (r *request) profileTree(p *profile) wire.Tree {
	roles := []wire.Tree{}
	if p.role != "" {
		folder := strings.TrimSuffix("/"+strings.TrimPrefix(p.role, "/"), path.Base(p.role))
		roles = append(roles, wire.Tree{
			"RoleName": path.Base(p.role), "Path": folder, "RoleId": "AROA" + strings.ToUpper(path.Base(p.role)),
			"Arn": r.roleARN(p.role), "CreateDate": p.created,
		})
	}
	return wire.Tree{
		"InstanceProfileName": p.name, "Path": p.path, "InstanceProfileId": p.id, "Arn": p.arn,
		"CreateDate": p.created, "Roles": roles, "Tags": tagTrees(p.tags),
	}
}

func (c *Cloud) roleARN(role string) string {
	return fmt.Sprintf("arn:aws:iam::%s:role/%s", c.options.Setup.Account, strings.TrimPrefix(role, "/"))
}

// DeleteRole takes a role away behind the controller's back.
func (c *Cloud) DeleteRole(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.options.Setup.Roles = slices.DeleteFunc(slices.Clone(c.options.Setup.Roles), func(role string) bool { return path.Base(role) == name })
}
