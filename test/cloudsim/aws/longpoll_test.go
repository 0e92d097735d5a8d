// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/test/cloudsim/aws"
)

// poll receives from the queue of the cluster.
func (c *client) poll(ctx context.Context, parameters string) string {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"QueueUrl": "https://q/111122223333/c1"`+parameters+`}`)).WithContext(ctx)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AmazonSQS.ReceiveMessage")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AK/20260301/us-west-2/sqs/aws4_request, SignedHeaders=host, Signature=00")
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w.Body.String()
}

// SIM-065
func TestLongPolls(t *testing.T) {
	tests := []struct {
		reason   string
		polls    bool
		wait     string
		during   func(t *testing.T, c *client, hangUp func())
		lasts    time.Duration
		received string
	}{
		{reason: "nothing comes", polls: true, wait: `, "WaitTimeSeconds": 20`, lasts: 20 * time.Second},
		{reason: "not asked to wait", polls: true},
		{reason: "whoever made the cloud does not want it", wait: `, "WaitTimeSeconds": 20`},
		{reason: "too long", polls: true, wait: `, "WaitTimeSeconds": 21`, received: "WaitTimeSeconds"},
		{reason: "a message comes", polls: true, wait: `, "WaitTimeSeconds": 20`, lasts: 3 * time.Second, received: "hello",
			during: func(t *testing.T, c *client, _ func()) {
				time.Sleep(3 * time.Second)
				if _, code := c.ec2("DescribeSubnets"); code != "" { // not held up
					t.Error(code)
				}
				if err := c.Send("c1", "hello"); err != nil {
					t.Error(err)
				}
			}},
		{reason: "the client hangs up", polls: true, wait: `, "WaitTimeSeconds": 20`, lasts: time.Second,
			during: func(_ *testing.T, _ *client, hangUp func()) { time.Sleep(time.Second); hangUp() }},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, func(o *aws.Options) { o.Clock, o.LongPolls = clock.RealClock{}, tc.polls })
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				began, got := time.Now(), ""
				done := make(chan struct{})
				go func() { defer close(done); got = c.poll(ctx, tc.wait) }()
				if tc.during != nil {
					tc.during(t, c, cancel)
				}
				<-done
				if lasted := time.Since(began); lasted != tc.lasts || !strings.Contains(got, tc.received) || tc.received == "" && strings.Contains(got, "Messages") {
					t.Errorf("after %s: %s", lasted, got)
				}
			})
		})
	}
}

// SIM-065: a message that comes back ends a poll, one that nobody waits for is not taken.
func TestLongPollsOfHiddenMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, func(o *aws.Options) { o.Clock, o.LongPolls = clock.RealClock{}, true })
		if err := c.Send("c1", "hello"); err != nil {
			t.Fatal(err)
		}
		c.poll(t.Context(), `, "VisibilityTimeout": 5`)
		gone, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); c.poll(gone, `, "WaitTimeSeconds": 20`) }()
		synctest.Wait()
		cancel()
		<-done
		began := time.Now()
		got := c.poll(t.Context(), `, "WaitTimeSeconds": 20`)
		if lasted := time.Since(began); lasted != 5*time.Second || !strings.Contains(got, "hello") {
			t.Errorf("after %s: %s", lasted, got)
		}
	})
}
