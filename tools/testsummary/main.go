// SPDX-License-Identifier: Apache-2.0

// Command testsummary adds up JUnit reports and prints one line:
//
//	412 passed, 0 failed, 3 skipped
package main

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
)

func main() {
	flags := flag.NewFlagSet("testsummary", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprintln(flags.Output(), "usage: testsummary REPORT ...") }
	_ = flags.Parse(os.Args[1:]) // it exits itself
	var sum tally
	for _, name := range flags.Args() {
		if err := sum.addFile(name); err != nil {
			fmt.Fprintln(os.Stderr, "testsummary:", err)
			os.Exit(1)
		}
	}
	fmt.Println(sum)
}

// suiteNode matches the entries that Ginkgo writes for what runs around the
// tests; they are no tests.
var suiteNode = regexp.MustCompile(`^\[(Synchronized)?(Before|After|ReportBefore|ReportAfter)Suite\]|^\[DeferCleanup`)

// tally counts test cases by their outcome.
type tally struct {
	passed, failed, skipped int
}

func (t tally) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, t.skipped)
}

// testCase is a JUnit test case; elements that are absent stay nil.
type testCase struct {
	Name    string    `xml:"name,attr"`
	Failure *struct{} `xml:"failure"`
	Error   *struct{} `xml:"error"`
	Skipped *struct{} `xml:"skipped"`
}

func (t *tally) addFile(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("open a report: %w", err)
	}
	defer file.Close()
	if err := t.add(file); err != nil {
		return fmt.Errorf("read report %s: %w", name, err)
	}
	return nil
}

// add counts the test cases of one report, however deep its suites nest.
func (t *tally) add(report io.Reader) error {
	decoder := xml.NewDecoder(report)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "testcase" {
			continue
		}
		var c testCase
		if err := decoder.DecodeElement(&c, &start); err != nil {
			return err
		}
		t.count(c)
	}
}

func (t *tally) count(c testCase) {
	switch {
	case c.Failure != nil || c.Error != nil:
		t.failed++
	case suiteNode.MatchString(c.Name):
	case c.Skipped != nil:
		t.skipped++
	default:
		t.passed++
	}
}
