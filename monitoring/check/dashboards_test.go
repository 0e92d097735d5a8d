// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// dashboard is what of a dashboard depends on metrics.
type dashboard struct {
	UID        string `json:"uid"`
	Title      string `json:"title"`
	Templating struct {
		List []struct {
			Name       string `json:"name"`
			Type       string `json:"type"`
			Definition string `json:"definition"`
		} `json:"list"`
	} `json:"templating"`
	Panels []panel `json:"panels"`
}

type panel struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	GridPos struct{ H, W, X, Y int }
	Targets []struct {
		Expr   string `json:"expr"`
		Legend string `json:"legendFormat"`
	} `json:"targets"`
}

// dashboards reads all dashboards.
func dashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	files, err := filepath.Glob("../dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	all := map[string]dashboard{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if d.UID != strings.TrimSuffix(filepath.Base(file), ".json") {
			t.Errorf("%s has the uid %q", file, d.UID)
		}
		all[file] = d
	}
	return all
}

var (
	variable = regexp.MustCompile(`\$([a-z]+)`)
	legend   = regexp.MustCompile(`\{\{([a-zA-Z_]+)\}\}`)
	ofLabel  = regexp.MustCompile(`^label_values\((.*), ([a-z_]+)\)$`)
)

// OPS-301: every panel asks for what Karpenter shows, by labels that it has.
func TestDashboards(t *testing.T) {
	shown := withRecorded(t)
	for file, d := range dashboards(t) {
		variables := map[string]bool{}
		for _, v := range d.Templating.List {
			variables[v.Name] = true
			if v.Type != "query" {
				continue
			}
			query := ofLabel.FindStringSubmatch(v.Definition)
			if query == nil {
				t.Errorf("%s: variable %s is %q", file, v.Name, v.Definition)
				continue
			}
			check(t, shown, file+", variable "+v.Name, query[1], "{{"+query[2]+"}}")
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				expr := strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
				for _, v := range variable.FindAllStringSubmatch(expr, -1) {
					if !variables[v[1]] {
						t.Errorf("%s, %s: there is no variable %s", file, p.Title, v[1])
					}
				}
				check(t, shown, file+", "+p.Title, expr, target.Legend)
			}
			if p.Type != "row" && (len(p.Targets) == 0 || p.Title == "") {
				t.Errorf("%s: panel %q asks for nothing", file, p.Title)
			}
			if p.GridPos.X+p.GridPos.W > 24 {
				t.Errorf("%s: panel %q is wider than the page", file, p.Title)
			}
		}
	}
}

func check(t *testing.T, shown series, where, expr, shownAs string) {
	t.Helper()
	r := reader{series: shown}
	parsed := parse(t, expr)
	if parsed == nil {
		return
	}
	of := r.read(parsed)
	for _, wrong := range r.wrong {
		t.Errorf("%s: %s", where, wrong)
	}
	for _, name := range legend.FindAllStringSubmatch(shownAs, -1) {
		if !of[name[1]] {
			t.Errorf("%s: the legend shows %s, and there is only %s", where, name[1], of)
		}
	}
}
