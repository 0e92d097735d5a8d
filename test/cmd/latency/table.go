// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// row is one figure of all cases. A row without a value is a heading.
type row struct {
	label, help string
	value       func(Result) string
}

// writeTable has a row for each figure and a column for each case.
func writeTable(out io.Writer, results []Result) error {
	var lines [][]string
	head := []string{"times in seconds"}
	for _, r := range results {
		head = append(head, r.Case)
	}
	lines = append(lines, head)
	for _, row := range rows() {
		line := []string{row.label}
		if row.value != nil {
			line[0] = "  " + row.label
			for _, r := range results {
				line = append(line, row.value(r))
			}
		}
		lines = append(lines, line)
	}
	_, err := io.WriteString(out, align(lines))
	return err
}

// align pads the first column on the right and the others on the left. Headings
// stand alone.
func align(lines [][]string) string {
	var widths []int
	for _, line := range lines {
		for i, cell := range line {
			if len(line) == 1 {
				continue
			}
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	out := strings.Builder{}
	for _, line := range lines {
		for i, cell := range line {
			if len(line) == 1 {
				out.WriteString(cell)
				continue
			}
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				out.WriteString(cell + padding)
			} else {
				out.WriteString("  " + padding + cell)
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func indent(text string) string {
	return "      " + strings.ReplaceAll(text, "\n", "\n      ")
}

func seconds(s Seconds) string { return fmt.Sprintf("%.2f", time.Duration(s).Seconds()) }

// ratio is a dash where there is nothing to compare with.
func ratio(a, b float64) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", a/b)
}
