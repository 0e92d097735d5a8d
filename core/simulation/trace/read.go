// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"
)

// Columns of a list of pods. Times are seconds; an empty time of deletion is never.
const (
	columnCPU     = "cpu_milli"
	columnMemory  = "memory_mib"
	columnCreated = "creation_time"
	columnDeleted = "deletion_time"
)

// Read reads the last part of a list of pods, of some length up to the last time
// that the list names. The list is comma-separated with a header; each pod is an
// application of its own. Pods that are there when the part begins come at its
// start. The error names the file, the line and the column.
func Read(path string, last time.Duration) (*Trace, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening a list of pods: %w", err)
	}
	defer f.Close()
	pods, err := parse(f)
	if err != nil {
		return nil, fmt.Errorf("reading the list of pods %s: %w", path, err)
	}
	return part(pods, last), nil
}

// listed is a pod of a list.
type listed struct {
	cpu, memory      int64
	created, deleted time.Duration
}

func part(pods []listed, last time.Duration) *Trace {
	end := time.Duration(0)
	for _, p := range pods {
		end = max(end, p.created)
		if p.deleted != never {
			end = max(end, p.deleted)
		}
	}
	start := max(0, end-last)
	b, shapes := &builder{Trace{Length: end - start}}, map[[2]int64]*Shape{}
	for _, p := range pods {
		if p.deleted <= start {
			continue
		}
		if p.deleted != never {
			p.deleted -= start
		}
		key := [2]int64{p.cpu, p.memory}
		if shapes[key] == nil {
			shapes[key] = &Shape{App: fmt.Sprintf("shape-%d", len(shapes)), CPU: p.cpu, Memory: p.memory}
		}
		b.slot(shapes[key], p.created-start, p.deleted)
	}
	return b.build()
}

func parse(from io.Reader) ([]listed, error) {
	r := csv.NewReader(from)
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	for _, name := range []string{columnCPU, columnMemory, columnCreated, columnDeleted} {
		if !slices.Contains(header, name) {
			return nil, fmt.Errorf("line 1: there is no column %q", name)
		}
	}
	var out []listed
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err // names line and column
		}
		c := cells{reader: r, header: header, record: record}
		p := listed{cpu: c.amount(columnCPU), memory: c.amount(columnMemory) * mib, created: c.seconds(columnCreated), deleted: never}
		if c.text(columnDeleted) != "" {
			p.deleted = c.seconds(columnDeleted)
		}
		if c.err == nil && p.deleted < p.created {
			c.fail(columnDeleted, errBackwards)
		}
		if c.err != nil {
			return nil, c.err
		}
		out = append(out, p)
	}
}

var (
	errBackwards = errors.New("the pod is deleted before it is created")
	errNegative  = errors.New("less than nothing")
	errTooLarge  = errors.New("too large")
)

// cells are those of one line; the first error stays.
type cells struct {
	reader         *csv.Reader
	header, record []string
	err            error
}

func (c *cells) text(column string) string { return c.record[slices.Index(c.header, column)] }

// most is the largest number that a cell may hold: seconds of 100 years.
const most = 100 * 365 * 24 * 3600

func (c *cells) amount(column string) int64 {
	n, err := strconv.ParseInt(c.text(column), 10, 64)
	switch {
	case err != nil:
		c.fail(column, fmt.Errorf("%q is no whole number", c.text(column)))
	case n < 0:
		c.fail(column, errNegative)
	case n > most:
		c.fail(column, errTooLarge)
	}
	return n
}

func (c *cells) seconds(column string) time.Duration {
	return time.Duration(c.amount(column)) * time.Second
}

func (c *cells) fail(column string, err error) {
	if c.err == nil {
		line, at := c.reader.FieldPos(slices.Index(c.header, column))
		c.err = fmt.Errorf("line %d, column %d (%s): %w", line, at, column, err)
	}
}
