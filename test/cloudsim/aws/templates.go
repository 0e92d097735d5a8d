// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/base64"
	"maps"
	"slices"
	"time"

	"karpenter.sh/test/cloudsim/wire"
)

// template is a launch template; each has one version.
type template struct {
	tagged
	id, name string
	created  time.Time
	data     wire.Tree // as it was requested; never changed
	userData []byte
}

type templates struct {
	byID   map[string]*template
	byName map[string]*template
}

func newTemplates() templates {
	return templates{byID: map[string]*template{}, byName: map[string]*template{}}
}

// maxUserData is in bytes, decoded.
const maxUserData = 16384

func createLaunchTemplate(r *request) (wire.Tree, error) {
	data := r.in.Tree("LaunchTemplateData")
	userData, err := decodeUserData(data.Str("UserData"))
	if err != nil {
		return nil, err
	}
	tags, err := tagsFor(r.in.Trees("TagSpecifications"), "launch-template")
	if err != nil {
		return nil, err
	}
	for _, s := range data.Trees("TagSpecifications") {
		if _, err := readTags(s.Trees("Tags")); err != nil {
			return nil, err
		}
	}
	name := r.in.Str("LaunchTemplateName")
	if r.templates.byName[name] != nil {
		return nil, wire.Errorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
	}
	if err := r.dry(); err != nil {
		return nil, err
	}
	t := &template{
		tagged: tagged{tags: tags}, id: r.ids.Hex("lt-0", 16), name: name, created: r.now, data: data, userData: userData,
	}
	r.templates.byID[t.id], r.templates.byName[name] = t, t
	return wire.Tree{"LaunchTemplate": r.templateTree(t)}, nil
}

func decodeUserData(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(data) > maxUserData {
		return nil, wire.Errorf("InvalidUserData.Malformed", "User data is limited to %d bytes", maxUserData)
	}
	return data, nil
}

func (r *request) templateTree(t *template) wire.Tree {
	return wire.Tree{
		"LaunchTemplateId": t.id, "LaunchTemplateName": t.name, "CreateTime": t.created,
		"CreatedBy": r.caller(), "DefaultVersionNumber": 1, "LatestVersionNumber": 1,
		"Tags": tagTrees(t.read(r.delays, r.now)),
	}
}

func describeLaunchTemplates(r *request) (wire.Tree, error) {
	all := slices.SortedFunc(maps.Values(r.templates.byID), func(a, b *template) int { return compare(a.id, b.id) })
	all = slices.DeleteFunc(all, func(t *template) bool { return !r.delays.Shows(lagTemplate, t.created, r.now) })
	for _, name := range r.in.Strs("LaunchTemplateNames") {
		if !slices.ContainsFunc(all, func(t *template) bool { return t.name == name }) {
			return nil, wire.Errorf("InvalidLaunchTemplateName.NotFoundException", "At least one of the launch templates specified in the request does not exist.")
		}
	}
	id := func(t *template) string { return t.id }
	all, err := byIDs(all, r.in.Strs("LaunchTemplateIds"), id, "InvalidLaunchTemplateId.NotFound", "launch template")
	if err != nil {
		return nil, err
	}
	if names := r.in.Strs("LaunchTemplateNames"); len(names) > 0 {
		all = slices.DeleteFunc(all, func(t *template) bool { return !slices.Contains(names, t.name) })
	}
	all, err = selectBy(all, r.in.Trees("Filters"), attributes[*template]{
		values: map[string]func(*template) []string{
			"launch-template-name": one(func(t *template) string { return t.name }),
			"create-time":          one(func(t *template) string { return t.created.Format(imageTime) }),
		},
		tags: func(t *template) map[string]string { return t.read(r.delays, r.now) },
	})
	if err != nil {
		return nil, err
	}
	out := wire.Tree{}
	all, err = cut(r, all, id, paging{limit: "MaxResults", token: "NextToken", most: 200}, out)
	var list []wire.Tree
	for _, t := range all {
		list = append(list, r.templateTree(t))
	}
	out["LaunchTemplates"] = list
	return out, err
}

func deleteLaunchTemplate(r *request) (wire.Tree, error) {
	t, err := r.template(r.in)
	if err != nil {
		return nil, err
	}
	if err := r.dry(); err != nil {
		return nil, err
	}
	r.dropTemplate(t)
	return wire.Tree{"LaunchTemplate": r.templateTree(t)}, nil
}

func (c *Cloud) dropTemplate(t *template) {
	delete(c.templates.byID, t.id)
	delete(c.templates.byName, t.name)
}

// template finds the template that a specification names, by ID or name. One that was
// just made cannot be found while it does not show.
func (r *request) template(by wire.Tree) (*template, error) {
	id, name := by.Str("LaunchTemplateId"), by.Str("LaunchTemplateName")
	switch {
	case id != "" && name != "" || id == "" && name == "":
		return nil, wire.Errorf("MissingParameter", "Exactly one of LaunchTemplateId and LaunchTemplateName must be given")
	case id != "":
		if t := r.templates.byID[id]; t != nil && r.delays.Shows(lagTemplate, t.created, r.now) {
			return t, nil
		}
		return nil, wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
	}
	if t := r.templates.byName[name]; t != nil && r.delays.Shows(lagTemplate, t.created, r.now) {
		return t, nil
	}
	return nil, wire.Errorf("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
}

// version refuses versions that there are not.
func version(text string) error {
	switch text {
	case "$Latest", "$Default", "1":
		return nil
	}
	return wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template.", text)
}

// DropLaunchTemplates implements control.TemplateDropper: it deletes all launch templates behind the controller's back, and
// returns how many there were.
func (c *Cloud) DropLaunchTemplates() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.templates.byID)
	c.templates = newTemplates()
	return n
}
