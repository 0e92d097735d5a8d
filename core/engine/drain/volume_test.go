// SPDX-License-Identifier: Apache-2.0

package drain_test

import (
	"slices"
	"testing"
	"time"

	"karpenter.sh/core/engine/drain"
)

// LIF-170
func TestBlockingAttachments(t *testing.T) {
	data := drain.Attachment{Name: "a", Volume: "data"}
	kept := drain.Attachment{Name: "b", Volume: "kept"}
	inline := drain.Attachment{Name: "c"}
	got := drain.BlockingAttachments([]drain.Attachment{data, kept, inline}, map[string]bool{"kept": true})
	if !slices.Equal(got, []drain.Attachment{data}) {
		t.Errorf("BlockingAttachments() = %v, want only %v", got, data)
	}
}

// LIF-171
func TestJudgeDetachment(t *testing.T) {
	tests := []struct {
		name     string
		blocking int
		deadline time.Time
		want     drain.Detachment
	}{
		{name: "nothing attached", want: drain.Detached},
		{name: "nothing attached past the deadline", deadline: start.Add(-time.Hour), want: drain.Detached},
		{name: "waits without end", blocking: 1, want: drain.AwaitingDetachment},
		{name: "waits up to the deadline", blocking: 1, deadline: start, want: drain.AwaitingDetachment},
		{name: "gives up past the deadline", blocking: 1, deadline: start.Add(-time.Nanosecond), want: drain.DetachmentAbandoned},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := drain.JudgeDetachment(tt.blocking, tt.deadline, start); got != tt.want {
				t.Errorf("JudgeDetachment() = %v, want %v", got, tt.want)
			}
		})
	}
}
