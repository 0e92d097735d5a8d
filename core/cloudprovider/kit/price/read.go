// SPDX-License-Identifier: Apache-2.0

package price

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"karpenter.sh/core/engine/label"
)

// Problem is a thing that is wrong with a price file (KIT-054).
type Problem struct {
	// File and Line are where; Line counts from 1.
	File string
	Line int
	// Row counts from 1; 0 is outside of rows.
	Row int
	// Field is its name; empty means the row as a whole.
	Field string
	// Text says what is wrong.
	Text string
}

// Error says where in the file it is, as far as that is known.
func (p *Problem) Error() string {
	where := fmt.Sprintf("%s:%d: ", p.File, p.Line)
	if p.Row > 0 {
		where += fmt.Sprintf("row %d: ", p.Row)
	}
	if p.Field != "" {
		where += p.Field + ": "
	}
	return where + p.Text
}

// ReadFile reads prices in YAML or JSON; the name is for messages. The error
// holds a *Problem for each thing that is wrong, and no row is taken then.
//
//	prices:
//	- families: [m5, c5]               # a savings plan
//	  discount: 27%
//	- instanceTypes: ["p4*"]           # a negotiated price, per hour
//	  capacityTypes: [on-demand, spot]
//	  zones: [zone-a]
//	  price: 19.5
func ReadFile(name string, text []byte) (*File, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: reading the prices: %w", name, err)
	}
	r := &reader{file: name}
	rows := r.document(&document)
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	return newFile(rows), nil
}

// reader collects problems while it reads.
type reader struct {
	file     string
	row      int
	problems []error
}

func (r *reader) failf(node *yaml.Node, field, format string, args ...any) {
	r.problems = append(r.problems, &Problem{
		File: r.file, Line: max(node.Line, 1), Row: r.row, Field: field, Text: fmt.Sprintf(format, args...),
	})
}

func (r *reader) document(document *yaml.Node) []fileRow {
	if len(document.Content) == 0 {
		r.failf(document, "", "it is empty; expected a list under prices")
		return nil
	}
	var list *yaml.Node
	r.fields(resolved(document.Content[0]), func(key, value *yaml.Node) bool {
		if key.Value != "prices" {
			return false
		}
		list = value
		return true
	})
	switch {
	case len(r.problems) > 0:
		return nil
	case list == nil || list.Kind != yaml.SequenceNode:
		r.failf(document.Content[0], "prices", "it is not a list of rows")
		return nil
	}
	var rows []fileRow
	for i, node := range list.Content {
		r.row = i + 1
		rows = append(rows, r.readRow(resolved(node)))
	}
	return rows
}

// fields calls read for each field of a mapping; false means that it is unknown.
func (r *reader) fields(node *yaml.Node, read func(key, value *yaml.Node) bool) {
	if node.Kind != yaml.MappingNode {
		r.failf(node, "", "it is not a mapping of fields")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		switch {
		case seen[key.Value]:
			r.failf(key, key.Value, "it is given twice")
		case !read(key, resolved(node.Content[i+1])):
			r.failf(key, key.Value, "there is no such field")
		}
		seen[key.Value] = true
	}
}

func (r *reader) readRow(node *yaml.Node) fileRow {
	row := fileRow{number: r.row}
	amounts := 0
	r.fields(node, func(key, value *yaml.Node) bool {
		switch key.Value {
		case "instanceTypes":
			row.instanceTypes = r.names(key.Value, value)
		case "families":
			row.families = r.names(key.Value, value)
		case "capacityTypes":
			row.capacityTypes = r.capacityTypes(key.Value, value)
		case "zones":
			row.zones = r.names(key.Value, value)
		case "price":
			amounts++
			price := r.price(value)
			row.price = &price
		case "discount":
			amounts++
			row.discount = r.discount(value)
		default:
			return false
		}
		return true
	})
	if node.Kind == yaml.MappingNode && amounts != 1 {
		r.failf(node, "", "it needs exactly one of price and discount")
	}
	if row.price != nil && len(row.instanceTypes)+len(row.families) == 0 {
		r.failf(node, "price", "it would be the price of every instance type; name instanceTypes or families")
	}
	return row
}

func (r *reader) names(field string, node *yaml.Node) []string {
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		r.failf(node, field, "it is not a list with at least one entry")
		return nil
	}
	var out []string
	for _, item := range node.Content {
		item = resolved(item)
		switch {
		case item.Kind != yaml.ScalarNode || item.Value == "":
			r.failf(item, field, "an entry is not a name")
		case strings.ContainsAny(item.Value, `[]\/`):
			r.failf(item, field, "%q: only * and ? stand for other characters", item.Value)
		case field != "instanceTypes" && isPattern(item.Value):
			r.failf(item, field, "%q: patterns are for instanceTypes only", item.Value)
		default:
			out = append(out, item.Value)
		}
	}
	return out
}

func (r *reader) capacityTypes(field string, node *yaml.Node) []string {
	out := r.names(field, node)
	for _, capacityType := range out {
		if capacityType != label.OnDemand && capacityType != label.Spot {
			r.failf(node, field, "%q is neither on-demand nor spot", capacityType)
		}
	}
	return out
}

func (r *reader) price(node *yaml.Node) float64 {
	price, err := strconv.ParseFloat(node.Value, 64)
	if node.Kind != yaml.ScalarNode || err != nil || !(price >= 0) || math.IsInf(price, 1) {
		r.failf(node, "price", "%q is not a price per hour, a number that is not negative", node.Value)
		return 0
	}
	return price
}

func (r *reader) discount(node *yaml.Node) float64 {
	text, percent := strings.CutSuffix(node.Value, "%")
	share, err := strconv.ParseFloat(text, 64)
	if node.Kind != yaml.ScalarNode || !percent || err != nil || !(share >= 0 && share <= 100) {
		r.failf(node, "discount", "%q is not a percentage from 0%% to 100%%", node.Value)
		return 0
	}
	return share / 100
}

// resolved follows an alias.
func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}
