// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// replay runs the command on a list of three pods.
func replay(t *testing.T, list string, args ...string) (out, notes string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pods.csv")
	if list != "" {
		if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	err = run(append([]string{"-pods", path, "-case", "production"}, args...), &stdout, &stderr)
	return stdout.String(), stderr.String(), err
}

const pods = "cpu_milli,memory_mib,creation_time,deletion_time\n1000,1024,0,\n2000,1024,60,7200\n500,512,120,3600\n"

func TestTable(t *testing.T) {
	out, _, err := replay(t, pods)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 15 || !strings.HasPrefix(lines[7], "In relation to practice") || !strings.HasPrefix(lines[0], "CASE") {
		t.Fatalf("got\n%s", out)
	}
	for i, policy := range []string{"none", "emptiness", "practice", "consolidation"} {
		if f := strings.Fields(lines[i+2]); f[0] != "production" || f[1] != policy || len(f) != 15 {
			t.Errorf("line %d is %q", i+2, lines[i+2])
		}
	}
}

func TestJSON(t *testing.T) {
	out, _, err := replay(t, pods, "-json", "-policy", "none", "-seed", "7")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Case, Policy string
		Seed         uint64
		Cost, Hours  float64
		Series       []struct{ Cost float64 }
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].Case != "production" || rows[0].Policy != "none" || rows[0].Seed != 7 ||
		rows[0].Cost <= 0 || rows[0].Hours != 2 || len(rows[0].Series) != 2 {
		t.Errorf("got %+v", rows)
	}
}

func TestWhatIsNotThereIsSkippedAndWhatIsWrongIsTold(t *testing.T) {
	for _, tc := range []struct {
		why, list  string
		args       []string
		note, want string
	}{
		{"no list", "", nil, "skipping case production: there is no ", ""},
		{"a bad list", "cpu_milli,memory_mib,creation_time,deletion_time\n1,x,0,\n", nil, "", "line 2, column 3 (memory_mib)"},
		{"no such policy", pods, []string{"-policy", "none,best"}, "", `there is no policy "best"; there are none, emptiness, practice, consolidation`},
		{"no such case", pods, []string{"-case", "x"}, "", `there is no case "x"`},
		{"an argument", pods, []string{"x"}, "", `no arguments are taken, got "x"`},
	} {
		t.Run(tc.why, func(t *testing.T) {
			out, notes, err := replay(t, tc.list, tc.args...)
			if out != "" || !strings.Contains(notes, tc.note) {
				t.Errorf("printed %q, noted %q", out, notes)
			}
			if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	_, notes, err := replay(t, pods, "-help")
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(notes, "bursts") || !strings.Contains(notes, "practice") {
		t.Errorf("help is %q, %v", notes, err)
	}
}
