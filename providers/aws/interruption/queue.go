// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"k8s.io/utils/clock"

	kit "karpenter.sh/core/cloudprovider/kit/interruption"
)

// How messages are received (AWS-386).
const (
	batch      = 10
	visibility = 20 // seconds
	longPoll   = 20 // seconds

	// A call that hangs must not keep notices of two minutes waiting for the time-out
	// of the client.
	receiveTimeout = longPoll*time.Second + 10*time.Second
	deleteTimeout  = 10 * time.Second
)

// SQS is what of the queue service is used.
type SQS interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessage(context.Context, *sqs.DeleteMessageInput, ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error)
}

// QueueOptions are what the queue works with; all are required.
type QueueOptions struct {
	API SQS
	// Name of the queue.
	Name string
	// Clock dates the handling of messages.
	Clock   clock.PassiveClock
	Metrics *Metrics
}

// Queue receives from the SQS queue that EventBridge writes to.
type Queue struct {
	opts QueueOptions
	// url is empty until it is known. Only Receive uses it, of which there is one at a
	// time.
	url string
}

var _ kit.Source = (*Queue)(nil)

// NewQueue returns the source. It makes no call.
func NewQueue(o QueueOptions) *Queue { return &Queue{opts: o} }

// Name of the source.
func (q *Queue) Name() string { return "queue " + q.opts.Name }

// Receive waits up to 20 s for messages (AWS-386). It returns at once, without an
// error, when the context ends: that is how the process ends.
func (q *Queue) Receive(ctx context.Context) ([]kit.Message, error) {
	bounded, cancel := context.WithTimeout(ctx, receiveTimeout)
	defer cancel()
	messages, err := q.receive(bounded)
	if ctx.Err() != nil {
		return nil, nil //nolint:nilerr // the process ends; what was received comes again
	}
	return messages, err
}

func (q *Queue) receive(ctx context.Context) ([]kit.Message, error) {
	if q.url == "" {
		out, err := q.opts.API.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &q.opts.Name})
		if err != nil {
			return nil, fmt.Errorf("resolving the URL of queue %s: %w", q.opts.Name, err)
		}
		if out.QueueUrl == nil {
			return nil, fmt.Errorf("resolving the URL of queue %s: the answer has none", q.opts.Name)
		}
		q.url = *out.QueueUrl
	}
	url := q.url
	out, err := q.opts.API.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: batch, VisibilityTimeout: visibility, WaitTimeSeconds: longPoll,
	})
	if err != nil {
		q.url = "" // the queue may be another one by now
		return nil, fmt.Errorf("receiving messages of queue %s: %w", q.opts.Name, err)
	}
	messages := make([]kit.Message, len(out.Messages))
	for i := range out.Messages {
		messages[i] = q.message(url, &out.Messages[i])
	}
	return messages, nil
}

// message is what the kit is told of one.
func (q *Queue) message(url string, m *types.Message) kit.Message {
	out := kit.Message{
		ID:          text(m.MessageId),
		Acknowledge: func(ctx context.Context) error { return q.delete(ctx, url, m.ReceiptHandle) },
	}
	event, err := Parse(text(m.Body))
	if err != nil {
		out.Malformed = err
		return out
	}
	q.opts.Metrics.received.WithLabelValues(string(event.Kind)).Inc()
	if !event.Time.IsZero() {
		out.Acknowledge = q.timed(event.Time, out.Acknowledge)
	}
	if event.Kind != NoOp {
		out.Notices = []kit.Notice{notice(event.Kind, event.Instances...)}
	}
	return out
}

// timed observes how long after an event its message was handled, once it will not come
// again. The clocks of the cloud and of this process may differ.
func (q *Queue) timed(happened time.Time, acknowledge func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		took := max(0, q.opts.Clock.Since(happened))
		if err := acknowledge(ctx); err != nil {
			return err
		}
		q.opts.Metrics.duration.Observe(took.Seconds())
		return nil
	}
}

// delete removes a message from the queue. One that cannot be there any more is done
// with.
func (q *Queue) delete(ctx context.Context, url string, receipt *string) error {
	ctx, cancel := context.WithTimeout(ctx, deleteTimeout)
	defer cancel()
	_, err := q.opts.API.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: receipt})
	var noQueue *types.QueueDoesNotExist
	var noReceipt *types.ReceiptHandleIsInvalid
	switch {
	case errors.As(err, &noQueue), errors.As(err, &noReceipt):
		return nil
	case err != nil:
		return fmt.Errorf("deleting it from queue %s: %w", q.opts.Name, err)
	}
	q.opts.Metrics.deleted.Inc()
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
