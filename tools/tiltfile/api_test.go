// SPDX-License-Identifier: Apache-2.0

package tiltfile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	starlarkjson "go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

// resource is what local_resource or k8s_resource was told.
type resource struct {
	name, workload, cmd, serve string
	deps, ignore, after        []string
	objects, labels            []string
	manual, waits              bool
	probe                      *action
	forwards                   []forward
	links                      []string
}

// action is a probe by HTTP, forward a port of this machine that leads to a container's.
type action struct {
	port int
	path string
}

type forward struct {
	local, container int
	path             string
}

// build is what custom_build was told.
type build struct {
	image, command, reference string
	deps, ignore              []string
	ownLoad                   bool
}

// tilt is a stand-in for Tilt: what the Tiltfile finds, and what it told.
type tilt struct {
	root, subcommand, context string
	env                       map[string]string

	commands  []string
	resources []resource
	builds    []build
	watched   []string
	contexts  []string
	yaml      strings.Builder
}

// evaluate runs a Tiltfile.
func (t *tilt) evaluate(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	// What Tilt allows beyond the language's defaults.
	options := &syntax.FileOptions{TopLevelControl: true, GlobalReassign: true, While: true, Set: true, Recursion: true}
	_, err = starlark.ExecFileOptions(options, &starlark.Thread{Name: "Tiltfile"}, "Tiltfile", text, t.functions())
	return err
}

// functions are those of Tilt that the Tiltfile may use, with the arguments that they have.
func (t *tilt) functions() starlark.StringDict {
	module := func(name string, members starlark.StringDict) starlark.Value {
		return &starlarkstruct.Module{Name: name, Members: members}
	}
	return starlark.StringDict{
		"os":                  module("os", starlark.StringDict{"getenv": function("getenv", t.getenv)}),
		"config":              module("config", starlark.StringDict{"tilt_subcommand": starlark.String(t.subcommand)}),
		"TRIGGER_MODE_MANUAL": starlark.String("manual"),
		"TRIGGER_MODE_AUTO":   starlark.String("auto"),
		"k8s_context":         function("k8s_context", t.k8sContext),
		"allow_k8s_contexts":  function("allow_k8s_contexts", t.allowContexts),
		"local":               function("local", t.local),
		"read_json":           function("read_json", t.readJSON),
		"watch_file":          function("watch_file", t.watchFile),
		"decode_yaml_stream":  function("decode_yaml_stream", decodeStream),
		"k8s_yaml":            function("k8s_yaml", t.k8sYAML),
		"k8s_resource":        function("k8s_resource", t.k8sResource),
		"local_resource":      function("local_resource", t.localResource),
		"custom_build":        function("custom_build", t.customBuild),
		"port_forward":        function("port_forward", portForward),
		"link":                function("link", newLink),
		"probe":               function("probe", newProbe),
		"http_get_action":     function("http_get_action", httpGet),
	}
}

// call is how a function was called; want unpacks the arguments, or says what is wrong.
type call struct {
	name string
	args starlark.Tuple
	set  []starlark.Tuple
}

func (c call) want(pairs ...any) error { return starlark.UnpackArgs(c.name, c.args, c.set, pairs...) }

func function(name string, do func(call) (starlark.Value, error)) starlark.Value {
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, set []starlark.Tuple) (starlark.Value, error) {
		return do(call{name, args, set})
	})
}

// texts unpacks a list of strings.
type texts []string

func (l *texts) Unpack(v starlark.Value) error {
	list, ok := v.(*starlark.List)
	if !ok {
		return fmt.Errorf("got %s, want list", v.Type())
	}
	for i := range list.Len() {
		text, ok := starlark.AsString(list.Index(i))
		if !ok {
			return fmt.Errorf("element %d is %s, want string", i, list.Index(i).Type())
		}
		*l = append(*l, text)
	}
	return nil
}

// boxed is a value that one function of Tilt makes for another.
type boxed[T any] struct {
	starlark.Value
	of T
}

func box[T any](name string, of T) starlark.Value {
	return boxed[T]{starlarkstruct.FromStringDict(starlark.String(name), nil), of}
}

// boxes unpacks a list of such values.
type boxes[T any] []T

func (l *boxes[T]) Unpack(v starlark.Value) error {
	list, ok := v.(*starlark.List)
	if !ok {
		return fmt.Errorf("got %s, want list", v.Type())
	}
	for i := range list.Len() {
		element, ok := list.Index(i).(boxed[T])
		if !ok {
			return fmt.Errorf("element %d is %s", i, list.Index(i))
		}
		*l = append(*l, element.of)
	}
	return nil
}

func (t *tilt) getenv(c call) (starlark.Value, error) {
	var key, otherwise string
	if err := c.want("key", &key, "default?", &otherwise); err != nil {
		return nil, err
	}
	if value, set := t.env[key]; set {
		return starlark.String(value), nil
	}
	return starlark.String(otherwise), nil
}

func (t *tilt) k8sContext(c call) (starlark.Value, error) {
	return starlark.String(t.context), c.want()
}

func (t *tilt) allowContexts(c call) (starlark.Value, error) {
	var one string
	if err := c.want("contexts", &one); err != nil {
		return nil, err
	}
	t.contexts = append(t.contexts, one)
	return starlark.None, nil
}

// local runs a command as Tilt does, with a shell at the root.
func (t *tilt) local(c call) (starlark.Value, error) {
	var command string
	var quiet, silent bool
	if err := c.want("command", &command, "quiet?", &quiet, "echo_off?", &silent); err != nil {
		return nil, err
	}
	t.commands = append(t.commands, command)
	shell := exec.Command("sh", "-c", command)
	shell.Dir = t.root
	shell.Env = append(os.Environ(), "PATH="+filepath.Join(t.root, "path")+string(os.PathListSeparator)+os.Getenv("PATH"))
	var problems strings.Builder
	shell.Stderr = &problems
	out, err := shell.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", command, err, problems.String())
	}
	return starlark.String(out), nil
}

func (t *tilt) readJSON(c call) (starlark.Value, error) {
	var path string
	var otherwise starlark.Value
	if err := c.want("path", &path, "default?", &otherwise); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(filepath.Join(t.root, path))
	if errors.Is(err, fs.ErrNotExist) && otherwise != nil {
		return otherwise, nil
	}
	if err != nil {
		return nil, err
	}
	return decode(string(content))
}

func decode(text string) (starlark.Value, error) {
	return starlark.Call(&starlark.Thread{}, starlarkjson.Module.Members["decode"], starlark.Tuple{starlark.String(text)}, nil)
}

func (t *tilt) watchFile(c call) (starlark.Value, error) {
	var path string
	if err := c.want("file_path", &path); err != nil {
		return nil, err
	}
	t.watched = append(t.watched, path)
	return starlark.None, nil
}

func decodeStream(c call) (starlark.Value, error) {
	var text string
	if err := c.want("yaml", &text); err != nil {
		return nil, err
	}
	all, err := parse(text)
	if err != nil {
		return nil, err
	}
	list := starlark.NewList(nil)
	for _, one := range all {
		content, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		value, err := decode(string(content))
		if err := errors.Join(err, list.Append(value)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (t *tilt) k8sYAML(c call) (starlark.Value, error) {
	var text string
	if err := c.want("yaml", &text); err != nil {
		return nil, err
	}
	t.yaml.WriteString("---\n" + text)
	return starlark.None, nil
}

func (t *tilt) k8sResource(c call) (starlark.Value, error) {
	var r resource
	var forwards boxes[forward]
	var links boxes[string]
	if err := c.want("workload?", &r.workload, "new_name?", &r.name, "port_forwards?", &forwards, "resource_deps?", (*texts)(&r.after),
		"objects?", (*texts)(&r.objects), "links?", &links, "labels?", (*texts)(&r.labels)); err != nil {
		return nil, err
	}
	if r.name == "" {
		r.name = r.workload
	}
	r.forwards, r.links = forwards, links
	t.resources = append(t.resources, r)
	return starlark.None, nil
}

func (t *tilt) localResource(c call) (starlark.Value, error) {
	r, starts := resource{}, true
	var mode string
	var ready *boxed[action]
	var readiness starlark.Value
	if err := c.want("name", &r.name, "cmd?", &r.cmd, "deps?", (*texts)(&r.deps), "trigger_mode?", &mode, "resource_deps?", (*texts)(&r.after),
		"ignore?", (*texts)(&r.ignore), "auto_init?", &starts, "serve_cmd?", &r.serve, "readiness_probe?", &readiness, "labels?", (*texts)(&r.labels)); err != nil {
		return nil, err
	}
	if readiness != nil {
		found, ok := readiness.(boxed[action])
		if !ok {
			return nil, fmt.Errorf("%s: readiness_probe is %s", c.name, readiness)
		}
		ready = &found
		r.probe = &ready.of
	}
	r.manual, r.waits = mode == "manual", !starts
	t.resources = append(t.resources, r)
	return starlark.None, nil
}

func (t *tilt) customBuild(c call) (starlark.Value, error) {
	var b build
	var elsewhere, unpushed bool
	if err := c.want("ref", &b.image, "command", &b.command, "deps", (*texts)(&b.deps), "ignore?", (*texts)(&b.ignore),
		"outputs_image_ref_to?", &b.reference, "skips_local_docker?", &elsewhere, "disable_push?", &unpushed); err != nil {
		return nil, err
	}
	b.ownLoad = elsewhere && unpushed
	t.builds = append(t.builds, b)
	return starlark.None, nil
}

func portForward(c call) (starlark.Value, error) {
	var f forward
	var name string
	err := c.want("local_port", &f.local, "container_port?", &f.container, "name?", &name, "link_path?", &f.path)
	return box("port_forward", f), err
}

func newLink(c call) (starlark.Value, error) {
	var url, name string
	err := c.want("url", &url, "name?", &name)
	return box("link", url), err
}

func newProbe(c call) (starlark.Value, error) {
	var seconds int
	var get starlark.Value
	if err := c.want("period_secs?", &seconds, "http_get?", &get); err != nil {
		return nil, err
	}
	if _, ok := get.(boxed[action]); !ok {
		return nil, fmt.Errorf("%s: http_get is %v", c.name, get)
	}
	return get, nil
}

func httpGet(c call) (starlark.Value, error) {
	var a action
	err := c.want("port", &a.port, "path?", &a.path)
	return box("http_get_action", a), err
}
