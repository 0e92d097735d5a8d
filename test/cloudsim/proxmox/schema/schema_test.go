// SPDX-License-Identifier: Apache-2.0

package schema_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/test/cloudsim/proxmox/schema"
)

func standIn(t *testing.T) *schema.API {
	t.Helper()
	api, err := schema.StandIn()
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestRoute(t *testing.T) {
	api := standIn(t)
	for _, row := range []struct {
		method, path, want string
		in                 map[string]string
		err                error
	}{
		{"GET", "/cluster/nextid", "/cluster/nextid", nil, nil},
		{"GET", "/nodes/a/qemu/100/config", "/nodes/{node}/qemu/{vmid}/config", map[string]string{"node": "a", "vmid": "100"}, nil},
		{"DELETE", "/nodes/a/storage/s/content/s:iso/x.iso", "/nodes/{node}/storage/{storage}/content/{volume}", map[string]string{"node": "a", "storage": "s", "volume": "s:iso/x.iso"}, nil},
		{"DELETE", "/nodes/a/storage/s/content/s%3Aiso%2Fx.iso", "/nodes/{node}/storage/{storage}/content/{volume}", map[string]string{"node": "a", "storage": "s", "volume": "s:iso/x.iso"}, nil},
		{"PATCH", "/cluster/nextid", "", nil, schema.ErrNoMethod},
		{"GET", "/cluster", "", nil, schema.ErrNoPath},
		{"GET", "/pools/a/b", "", nil, schema.ErrNoPath}, // why nested pools are asked for by parameter
		{"GET", "/nodes//status", "", nil, schema.ErrNoPath},
	} {
		o, in, err := api.Route(row.method, row.path)
		if !errors.Is(err, row.err) || err == nil && (o.Path != row.want || !maps.Equal(in, row.in)) {
			t.Errorf("%s %s: got %+v, %v, %v", row.method, row.path, o, in, err)
		}
	}
}

// SIM-081: unknown, missing and ill-typed parameters are refused, with the API's words.
func TestCheck(t *testing.T) {
	api := standIn(t)
	const undefined = "property is not defined in schema and the schema does not allow additional properties"
	for _, row := range []struct {
		reason, call, name, value, want string
	}{
		{"unknown", "clone", "speed", "1", undefined},
		{"missing", "clone", "newid", absent, "property is missing and it is not optional"},
		{"no integer", "clone", "newid", "abc", "type check ('integer') failed - got 'abc'"},
		{"a float for an integer", "config", "cores", "1.5", "type check ('integer') failed - got '1.5'"},
		{"below the minimum", "clone", "newid", "99", "value must have a minimum value of 100"},
		{"above the maximum", "clone", "newid", "1000000000", "value must have a maximum value of"},
		{"no boolean", "clone", "full", "2", "type check ('boolean') failed - got '2'"},
		{"a boolean in words", "clone", "full", "on", ""},
		{"outside of the enumeration", "clone", "format", "iso", "value 'iso' does not have a value in the enumeration 'raw, qcow2, vmdk'"},
		{"against the format", "clone", "name", "a_b", "invalid format - value 'a_b' does not look like a valid dns-name"},
		{"against the pattern", "config", "serial0", "none", "value does not match the regex pattern"},
		{"too long", "config", "smbios1", "uuid=" + strings.Repeat("a", 512), "value may only be 512 characters long"},
		{"too short", "rules", "action", "a", "value must be at least 2 characters long"},
		{"a list", "config", "tags", "a;b,c", ""},
		{"a list with a bad element", "config", "tags", "a;b/c", "does not look like a valid pve-tag"},
		{"a numbered parameter", "config", "net31", "virtio,bridge=vmbr0", ""},
		{"a numbered parameter that there is not", "config", "gpu0", "x", undefined},
		{"the name of an alias is a value", "config", "net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0,queues=4", ""},
		{"a bad value of an alias", "config", "net0", "virtio=BC", "net0: macaddr"},
		{"an unknown property", "config", "net0", "virtio,speed=1", "speed: " + undefined},
		{"a property twice", "config", "net0", "virtio,bridge=a,bridge=b", "duplicate key"},
		{"a property that is missing", "config", "numa0", "memory=1", "cpus: property is missing"},
		{"a property of another type", "config", "net0", "virtio,queues=65", "queues: value must have a maximum value of 64"},
		{"no default key", "config", "numa0", "0-3", "value without key"},
		{"a default key", "config", "memory", "2048", ""},
		{"a gateway without an address", "config", "ipconfig0", "gw=10.0.0.1", "gw requires ip"},
		{"an address without a prefix", "config", "ipconfig0", "ip=10.0.0.1", "does not look like a valid network"},
		{"addresses", "config", "ipconfig0", "ip=10.0.0.9/24,gw=10.0.0.1,ip6=auto", ""},
		{"a CPU with flags", "config", "cpu", "cputype=host,flags=+aes;-pcid", ""},
		{"flags with another separator", "config", "cpu", "host,flags=+aes,-pcid", "does not look like a valid pve-vm-cpu-conf"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			method, path, in := request(row.call)
			o, inPath, err := api.Route(method, path)
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(in, inPath)
			in[row.name] = row.value
			if row.value == absent {
				delete(in, row.name)
			}
			got := o.Check(in)
			text := row.name + ": " + got[row.name]
			if row.want == "" && len(got) > 0 || row.want != "" && (len(got) != 1 || !strings.Contains(strings.ReplaceAll(text, "\n", " "), row.want) && !strings.Contains(text, strings.TrimPrefix(row.want, row.name+": "))) {
				t.Errorf("got %v, want %q", got, row.want)
			}
		})
	}
}

// absent in a row takes a parameter away.
const absent = "\x00"

// request is one that nothing is wrong with.
func request(call string) (method, path string, in map[string]string) {
	switch call {
	case "clone":
		return "POST", "/nodes/a/qemu/100/clone", map[string]string{"newid": "101"}
	case "rules":
		return "POST", "/nodes/a/qemu/100/firewall/rules", map[string]string{"action": "web", "type": "group"}
	}
	return "POST", "/nodes/a/qemu/100/config", map[string]string{}
}

// caller holds privileges as "path privilege".
type caller []string

func (c caller) Has(path, privilege string) bool { return slices.Contains(c, path+" "+privilege) }

func (c caller) Is(user string) bool { return slices.Contains(c, user) }

// SIM-082: who may make a call is what the description says.
func TestAllowed(t *testing.T) {
	api, err := schema.Parse([]byte(`{"/x/{id}": {
		"GET": {"permissions": ["perm", "/x/{id}", ["A", "B"]]},
		"PUT": {"permissions": ["perm", "/x/{id}", ["A", "B"], "any", 1]},
		"POST": {"permissions": ["or", ["perm", "/pool/{pool}", ["A"], "require_param", "pool"], ["userid-param", "self"]]},
		"DELETE": {"permissions": ["and", ["perm", "/", ["A"]], ["userid-group", ["B"]]]}
	}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		method string
		in     map[string]string
		by     caller
		want   bool
	}{
		{"GET", nil, caller{"/x/1 A", "/x/1 B"}, true},
		{"GET", nil, caller{"/x/1 A", "/x/2 B"}, false},
		{"PUT", nil, caller{"/x/1 B"}, true},
		{"PUT", nil, caller{"/x/2 B"}, false},
		{"POST", map[string]string{"pool": "p"}, caller{"/pool/p A"}, true},
		{"POST", nil, caller{"/pool/p A", "/pool/{pool} A"}, false},
		{"POST", map[string]string{"userid": "u@pam"}, caller{"u@pam"}, true},
		{"DELETE", nil, caller{"/ A", "/access/groups B"}, true},
		{"DELETE", nil, caller{"/ A"}, false},
	} {
		o, in, err := api.Route(row.method, "/x/1")
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(in, row.in)
		if reason, ok := o.Allowed(in, row.by); ok != row.want || !ok && reason == "" {
			t.Errorf("%s %v by %v: %t, %s", row.method, row.in, row.by, ok, reason)
		}
	}
}

// What is not understood is refused, not passed over.
func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`[]`: "reading the description",
		`{"/x": {"GET": {"permissions": ["sudo"]}}}`:                                  `GET /x: permissions: there is no check "sudo"`,
		`{"/x": {"GET": {"permissions": ["perm", "/x"]}}}`:                            "perm wants a path",
		`{"/x": {"GET": {"permissions": ["perm", "/x", ["A"], "all", 1]}}}`:           `perm has no "all"`,
		`{"/x": {"GET": {"parameters": {"a": {"pattern": "("}}}}}`:                    "GET /x: parameter a: pattern",
		`{"/x": {"GET": {"parameters": {"a": {"format": {"b": {"pattern": "("}}}}}}}`: "property b",
	} {
		if _, err := schema.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
