// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"

	v1 "karpenter.sh/core/apis/v1"
)

// monday is 2026-06-15, a Monday, at noon UTC.
var monday = time.Date(2026, time.June, 15, 12, 0, 0, 0, time.UTC)

func TestBudgetValue(t *testing.T) {
	for name, test := range map[string]struct {
		budgets []v1.Budget
		nodes   int
		want    int
	}{
		"API-028 an empty list is no budget":                 {[]v1.Budget{}, 10, math.MaxInt32},
		"API-043 no budget":                                  {nil, 10, math.MaxInt32},
		"API-043 the least wins":                             {[]v1.Budget{{Nodes: "7"}, {Nodes: "3"}, {Nodes: "50%"}}, 10, 3},
		"API-043 a budget for another reason":                {[]v1.Budget{{Nodes: "0", Reasons: reasons(v1.DisruptionReasonEmpty)}}, 10, math.MaxInt32},
		"API-043 a budget for this reason":                   {[]v1.Budget{{Nodes: "2", Reasons: reasons(v1.DisruptionReasonDrifted)}}, 10, 2},
		"API-043 a budget for several reasons":               {[]v1.Budget{{Nodes: "2", Reasons: reasons(v1.DisruptionReasonEmpty, v1.DisruptionReasonDrifted)}}, 10, 2},
		"API-044 a count is not bound to the nodes":          {[]v1.Budget{{Nodes: "20"}}, 10, 20},
		"API-044 zero blocks":                                {[]v1.Budget{{Nodes: "0"}}, 10, 0},
		"API-044 zero percent blocks":                        {[]v1.Budget{{Nodes: "0%"}}, 10, 0},
		"API-044 a percentage rounds up":                     {[]v1.Budget{{Nodes: "5%"}}, 10, 1},
		"API-044 a percentage that divides does not round":   {[]v1.Budget{{Nodes: "50%"}}, 10, 5},
		"API-044 all of the nodes":                           {[]v1.Budget{{Nodes: "100%"}}, 7, 7},
		"API-044 a percentage of nothing is nothing":         {[]v1.Budget{{Nodes: "100%"}}, 0, 0},
		"API-044 an inactive budget sets no bound":           {[]v1.Budget{{Nodes: "0", Schedule: "@yearly", Duration: "1h"}}, 10, math.MaxInt32},
		"API-045 a count beyond the greatest":                {[]v1.Budget{{Nodes: "2147483648"}}, 10, math.MaxInt32},
		"API-045 a count beyond 64 bits":                     {[]v1.Budget{{Nodes: "99999999999999999999"}}, 10, math.MaxInt32},
		"API-045 a great count does not hide a smaller one":  {[]v1.Budget{{Nodes: "4294967296"}, {Nodes: "1"}}, 10, 1},
		"API-050 an empty list of reasons covers all":        {[]v1.Budget{{Nodes: "4", Reasons: []v1.DisruptionReason{}}}, 10, 4},
		"API-043 an inactive budget beside an active one":    {[]v1.Budget{{Nodes: "0", Schedule: "@yearly", Duration: "1h"}, {Nodes: "6"}}, 10, 6},
		"API-044 rounding up stays within the nodes for 99%": {[]v1.Budget{{Nodes: "99%"}}, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			disruption := v1.Disruption{Budgets: test.budgets}
			got, err := disruption.AllowedDisruptions(v1.DisruptionReasonDrifted, test.nodes, monday)
			if err != nil || got != test.want {
				t.Errorf("AllowedDisruptions() = %d, %v; want %d", got, err, test.want)
			}
		})
	}
}

// API-048
func TestBudgetFailsClosed(t *testing.T) {
	for name, budget := range map[string]v1.Budget{
		"nodes that are no number":              {Nodes: "many"},
		"nodes that are negative":               {Nodes: "-1"},
		"nodes that are missing":                {},
		"a percentage without a number":         {Nodes: "%"},
		"more than all of the nodes":            {Nodes: "101%"},
		"a percentage that is not whole":        {Nodes: "1.5%"},
		"a schedule without a duration":         {Nodes: "1", Schedule: "@daily"},
		"a duration without a schedule":         {Nodes: "1", Duration: "1h"},
		"a duration in words":                   {Nodes: "1", Schedule: "@daily", Duration: "Never"},
		"a descriptor with a tail":              {Nodes: "1", Schedule: "@dailyx", Duration: "1h"},
		"a descriptor in capitals":              {Nodes: "1", Schedule: "@Daily", Duration: "1h"},
		"an interval":                           {Nodes: "1", Schedule: "@every 1h", Duration: "1h"},
		"a field for seconds":                   {Nodes: "1", Schedule: "0 0 0 * * *", Duration: "1h"},
		"four fields":                           {Nodes: "1", Schedule: "0 0 * *", Duration: "1h"},
		"a time zone before the fields":         {Nodes: "1", Schedule: "TZ=UTC 0 0 * * *", Duration: "1h"},
		"a time zone in place of a field":       {Nodes: "1", Schedule: "CRON_TZ=UTC 0 * * *", Duration: "1h"},
		"a range that runs backwards":           {Nodes: "1", Schedule: "0 0 * * tue-mon", Duration: "1h"},
		"a range that wraps the year":           {Nodes: "1", Schedule: "0 0 1 nov-feb *", Duration: "1h"},
		"a range without an end":                {Nodes: "1", Schedule: "1- 0 * * *", Duration: "1h"},
		"a range of ranges":                     {Nodes: "1", Schedule: "1-2-3 0 * * *", Duration: "1h"},
		"minute 60":                             {Nodes: "1", Schedule: "60 0 * * *", Duration: "1h"},
		"hour 24":                               {Nodes: "1", Schedule: "0 24 * * *", Duration: "1h"},
		"day 0":                                 {Nodes: "1", Schedule: "0 0 0 * *", Duration: "1h"},
		"day 32":                                {Nodes: "1", Schedule: "0 0 32 * *", Duration: "1h"},
		"month 13":                              {Nodes: "1", Schedule: "0 0 * 13 *", Duration: "1h"},
		"Sunday is 0 and not 7":                 {Nodes: "1", Schedule: "0 0 * * 7", Duration: "1h"},
		"a weekday by its full name":            {Nodes: "1", Schedule: "0 0 * * monday", Duration: "1h"},
		"a month among the weekdays":            {Nodes: "1", Schedule: "0 0 * * jan", Duration: "1h"},
		"a step of zero":                        {Nodes: "1", Schedule: "*/0 0 * * *", Duration: "1h"},
		"a step that is negative":               {Nodes: "1", Schedule: "*/-1 0 * * *", Duration: "1h"},
		"a step that is missing":                {Nodes: "1", Schedule: "*/ 0 * * *", Duration: "1h"},
		"two steps":                             {Nodes: "1", Schedule: "*/2/3 0 * * *", Duration: "1h"},
		"an inactive window does not excuse it": {Nodes: "x", Schedule: "@yearly", Duration: "1h"},
	} {
		t.Run(name, func(t *testing.T) {
			budget.Reasons = reasons(v1.DisruptionReasonEmpty)
			disruption := v1.Disruption{Budgets: []v1.Budget{{Nodes: "5"}, budget}}
			for _, reason := range reasons(v1.DisruptionReasonEmpty, v1.DisruptionReasonDrifted) {
				got, err := disruption.AllowedDisruptions(reason, 10, monday)
				if got != 0 || err == nil {
					t.Errorf("AllowedDisruptions(%s) = %d, %v; want 0 and an error", reason, got, err)
				}
			}
		})
	}
}

func TestBudgetWindow(t *testing.T) {
	for name, test := range map[string]struct {
		schedule string
		duration v1.Duration
		now      time.Time
		active   bool
	}{
		"API-046 at the hit":                       {"0 12 * * *", "1h", monday, true},
		"API-046 a second before the hit":          {"0 12 * * *", "1h", monday.Add(-time.Second), false},
		"API-046 within the window":                {"0 12 * * *", "1h", monday.Add(30 * time.Minute), true},
		"API-046 a second before the end":          {"0 12 * * *", "1h", monday.Add(time.Hour - time.Second), true},
		"API-046 a fraction before the end":        {"0 12 * * *", "1h", monday.Add(time.Hour - time.Nanosecond), true},
		"API-046 at the end":                       {"0 12 * * *", "1h", monday.Add(time.Hour), false},
		"API-046 longer than the period":           {"@daily", "25h", monday, true},
		"API-046 just as long as the period":       {"@hourly", "1h", monday.Add(time.Hour - time.Second), true},
		"API-046 a window of no length":            {"0 12 * * *", "0m", monday, false},
		"API-046 now in another zone":              {"0 12 * * *", "1h", monday.In(time.FixedZone("east", 9*3600)), true},
		"API-046 the zone of now does not count":   {"0 21 * * *", "1h", monday.In(time.FixedZone("east", 9*3600)), false},
		"API-046 a window over midnight":           {"0 22 * * *", "4h", monday.Add(-11 * time.Hour), true},
		"API-041 hours and minutes":                {"0 12 * * *", "1h30m", monday.Add(80 * time.Minute), true},
		"API-041 a trailing 0s":                    {"0 12 * * *", "1h30m0s", monday.Add(95 * time.Minute), false},
		"API-047 a list":                           {"0 9,12 * * *", "1h", monday, true},
		"API-047 a range of names":                 {"0 12 * * MON-Fri", "1h", monday, true},
		"API-047 a day outside the range":          {"0 12 * * tue-fri", "1h", monday, false},
		"API-047 a month by name":                  {"0 12 15 jun *", "1h", monday, true},
		"API-047 another month":                    {"0 12 15 Jul *", "1h", monday, false},
		"API-047 a question mark":                  {"0 12 ? * mon", "1h", monday, true},
		"API-047 a step":                           {"0 */6 * * *", "1m", monday, true},
		"API-047 off the step":                     {"0 */7 * * *", "1m", monday, false},
		"API-047 a step from a value on":           {"0 2/5 * * *", "1m", monday, true},
		"API-047 a step within a range":            {"0 2-11/5 * * *", "1m", monday, false},
		"API-047 a step beyond the range":          {"0 12/9999999999 * * *", "1m", monday, true},
		"API-047 tabs between the fields":          {"0\t12 *  * *", "1m", monday, true},
		"API-047 either day field, by weekday":     {"0 12 1 * mon", "1m", monday, true},
		"API-047 either day field, by day":         {"0 12 15 * sun", "1m", monday, true},
		"API-047 neither day field":                {"0 12 1 * sun", "1m", monday, false},
		"API-047 both when the day is any":         {"0 12 * * sun", "1m", monday, false},
		"API-047 both when a list holds any":       {"0 12 1,* * sun", "1m", monday, false},
		"API-047 a stepped star is not any":        {"0 12 */7 * sun", "1m", monday, true},
		"API-047 a step of 1 is no step":           {"0 12 */1 * sun", "1m", monday, false},
		"API-047 @weekly is Sunday":                {"@weekly", "1h", monday.Add(-36 * time.Hour), true},
		"API-047 @weekly is not Monday":            {"@weekly", "1h", monday.Add(-12 * time.Hour), false},
		"API-047 @monthly":                         {"@monthly", "1h", time.Date(2026, 6, 1, 0, 30, 0, 0, time.UTC), true},
		"API-047 @yearly":                          {"@yearly", "1h", time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC), true},
		"API-047 @annually":                        {"@annually", "1h", time.Date(2026, 2, 1, 0, 30, 0, 0, time.UTC), false},
		"API-047 @midnight":                        {"@midnight", "1h", monday.Add(-12 * time.Hour), true},
		"API-047 @hourly":                          {"@hourly", "5m", monday.Add(4 * time.Minute), true},
		"API-049 a day that never comes":           {"0 0 30 feb *", "1h", monday, true},
		"API-049 a day that comes within five":     {"0 0 29 feb *", "1h", monday, false},
		"API-049 a day that is too far off":        {"0 0 29 feb *", "1h", time.Date(2097, 1, 1, 0, 0, 0, 0, time.UTC), true},
		"API-054 a duration beyond all measure":    {"@yearly", "99999999999999999999h", monday, true},
		"API-047 the last minute of the last day":  {"59 23 31 12 *", "1m", time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), true},
		"API-047 a minute past the last of a hour": {"30 11 * * *", "20m", monday, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := isActive(t, test.schedule, test.duration, test.now); got != test.active {
				t.Errorf("%q for %s is active at %s: %t, want %t", test.schedule, test.duration, test.now, got, test.active)
			}
		})
	}
}

// API-047: another reader of the same grammar agrees on random schedules.
func TestScheduleAgreesWithCron(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		text := randomSchedule(random)
		reference, err := cron.ParseStandard(text)
		if err != nil {
			t.Fatalf("the reference does not read %q: %v", text, err)
		}
		length := time.Duration(1+random.IntN(3000)) * time.Minute
		now := monday.Add(time.Duration(random.IntN(400*24*3600)) * time.Second)
		want := !reference.Next(now.Add(-length)).After(now)
		if got := isActive(t, text, v1.DurationOf(length), now); got != want {
			t.Errorf("%q for %s is active at %s: %t, want %t", text, length, now, got, want)
		}
	}
}

// API-047: whatever a CronJob accepts as a schedule is accepted here, and nothing
// else, but for the fixed intervals of @every and fields without a value.
func TestScheduleAcceptsWhatCronJobsDo(t *testing.T) {
	pieces := strings.Fields("0 1 5 6 7 07 12 31 59 60 mon SUN Sat jan Dec monday * ? - , / -1 +1 1-5 5-1 sun-sat sat-sun 1-7 */2 */0 1,,2 @daily @dailyx")
	random := rand.New(rand.NewPCG(3, 4))
	accepted := 0
	for range 30000 {
		fields := make([]string, 5)
		for i := range fields {
			fields[i] = pieces[random.IntN(len(pieces))]
			if random.IntN(3) == 0 {
				fields[i] += pieces[random.IntN(len(pieces))]
			}
			if random.IntN(2) == 0 {
				fields[i] = "1"
			}
		}
		text := strings.Join(fields[:5-random.IntN(20)/19], " ")
		_, reference := cron.ParseStandard(text)
		err := v1.Budget{Nodes: "0", Schedule: text, Duration: "1h"}.Check()
		if neverComes(text) || slices.ContainsFunc(fields, func(f string) bool { return strings.Trim(f, ",") == "" }) {
			continue
		}
		if (reference == nil) != (err == nil) {
			t.Fatalf("%q: here %v, in a CronJob %v", text, err, reference)
		}
		if err == nil {
			accepted++
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d schedules were good ones", accepted)
	}
}

// neverComes holds for schedules of days that no year has.
func neverComes(text string) bool {
	schedule, err := cron.ParseStandard(text)
	return err == nil && schedule.Next(monday).IsZero()
}

// API-048, API-049
func TestBudgetCheck(t *testing.T) {
	for text, want := range map[string]string{
		"30 10 * * 1-7":   "7 is not between 0 and 6",
		"0 0 * * sat-sun": "runs backwards",
		"0 0 30 2 *":      "no such day",
		"0 0 29 2 *":      "",
		"0 9 * * mon-fri": "",
		"0 9 * JAN,dec ?": "",
		"@weekly":         "",
	} {
		err := v1.Budget{Nodes: "0", Schedule: text, Duration: "1h"}.Check()
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	if err := (v1.Budget{Nodes: "many"}).Check(); err == nil {
		t.Error("a number that is none is accepted")
	}
}

func isActive(t *testing.T, schedule string, duration v1.Duration, now time.Time) bool {
	t.Helper()
	disruption := v1.Disruption{Budgets: []v1.Budget{{Nodes: "0", Schedule: schedule, Duration: duration}}}
	allowed, err := disruption.AllowedDisruptions(v1.DisruptionReasonDrifted, 1, now)
	if err != nil {
		t.Fatalf("AllowedDisruptions() failed on %q: %v", schedule, err)
	}
	return allowed == 0
}

// randomSchedule makes a schedule of values, ranges, steps and lists that both
// readers know.
func randomSchedule(random *rand.Rand) string {
	bounds := [5][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}
	fields := make([]string, len(bounds))
	for i, bound := range bounds {
		items := make([]string, 1+random.IntN(2))
		for j := range items {
			items[j] = randomItem(random, bound[0], bound[1])
		}
		fields[i] = strings.Join(items, ",")
	}
	return strings.Join(fields, " ")
}

func randomItem(random *rand.Rand, least, most int) string {
	first := least + random.IntN(most-least+1)
	last := first + random.IntN(most-first+1)
	step := "/" + strconv.Itoa(1+random.IntN(most))
	switch random.IntN(6) {
	case 0:
		return strconv.Itoa(first)
	case 1:
		return strconv.Itoa(first) + "-" + strconv.Itoa(last)
	case 2:
		return strconv.Itoa(first) + step
	case 3:
		return strconv.Itoa(first) + "-" + strconv.Itoa(last) + step
	case 4:
		return "*" + step
	}
	return "*"
}

func reasons(list ...v1.DisruptionReason) []v1.DisruptionReason { return list }
