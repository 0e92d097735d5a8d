// SPDX-License-Identifier: Apache-2.0

package meter

import (
	"os"
	"strconv"
	"strings"
)

// Load is how long the processors of this machine have been at work and idle since
// its start, in ticks.
type Load struct{ Work, Idle int64 }

// Machine reads the load of this machine; zero where the system does not tell.
func Machine() Load {
	content, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Load{}
	}
	return ParseLoad(string(content))
}

// ParseLoad reads the first line of /proc/stat: ticks by what they were spent on, of
// which the fourth and fifth are idle. Those stolen by other machines are work.
func ParseLoad(text string) Load {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[0] != "cpu" {
		return Load{}
	}
	var out Load
	for i, field := range fields[1:min(len(fields), 9)] { // guests count as user already
		n, err := strconv.ParseInt(field, 10, 64)
		switch {
		case err != nil:
			return Load{}
		case i == 3 || i == 4:
			out.Idle += n
		default:
			out.Work += n
		}
	}
	return out
}

// Since is the share of the processors' time that went into work after an earlier
// load, 0 to 1; false if that is not known.
func (l Load) Since(earlier Load) (float64, bool) {
	work, idle := l.Work-earlier.Work, l.Idle-earlier.Idle
	if work < 0 || idle < 0 || work+idle == 0 {
		return 0, false
	}
	return float64(work) / float64(work+idle), true
}
