// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"crypto/md5" //nolint:gosec // the service reports this digest
	"encoding/hex"
	"path"
	"strings"
	"time"

	"karpenter.sh/test/cloudsim/wire"
)

// queue is a queue of SQS.
type queue struct {
	messages []*message
	arrived  chan struct{} // closed, and replaced, when a message comes
}

func newQueue() *queue { return &queue{arrived: make(chan struct{})} }

type message struct {
	id, body string
	sent     time.Time
	hidden   time.Time // until then
	handle   string    // of the last receipt
	received int
}

// handlePrefix is how receipts begin.
const handlePrefix = "AQEB"

// retention is how long messages are kept, maxMessages how many.
const (
	retention   = 300 * time.Second
	maxMessages = 100000
)

func (q *queue) send(id, body string, now time.Time) {
	q.expire(now)
	if len(q.messages) < maxMessages {
		q.messages = append(q.messages, &message{id: id, body: body, sent: now})
		close(q.arrived)
		q.arrived = make(chan struct{})
	}
}

func (q *queue) expire(now time.Time) {
	for len(q.messages) > 0 && now.Sub(q.messages[0].sent) > retention {
		q.messages = q.messages[1:]
	}
}

func (r *request) queue(name string) (*queue, error) {
	if q := r.queues[name]; q != nil {
		return q, nil
	}
	return nil, wire.Errorf("QueueDoesNotExist", "The specified queue does not exist.")
}

func getQueueURL(r *request) (wire.Tree, error) {
	name := r.in.Str("QueueName")
	if _, err := r.queue(name); err != nil {
		return nil, err
	}
	return wire.Tree{"QueueUrl": r.host + "/" + r.options.Setup.Account + "/" + name}, nil
}

// reappears is when the first hidden message can be received again; zero: none is.
func (q *queue) reappears() time.Time {
	var first time.Time
	for _, m := range q.messages {
		if first.IsZero() || m.hidden.Before(first) {
			first = m.hidden
		}
	}
	return first
}

// receiveMessage answers with what there is; if that is nothing, and polls may wait,
// it says what to wait for.
func receiveMessage(r *request) (wire.Tree, error) {
	q, err := r.queue(path.Base(r.in.Str("QueueUrl")))
	if err != nil {
		return nil, err
	}
	q.expire(r.now)
	visibility := 30 * time.Second
	if r.in.Has("VisibilityTimeout") {
		visibility = time.Duration(r.in.Int("VisibilityTimeout")) * time.Second
	}
	most := max(1, r.in.Int("MaxNumberOfMessages"))
	if most > 10 {
		return nil, wire.Errorf("InvalidParameterValue", "Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", most)
	}
	wait := r.in.Int("WaitTimeSeconds")
	if wait < 0 || wait > 20 {
		return nil, wire.Errorf("InvalidParameterValue", "Value %d for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.", wait)
	}
	var list []wire.Tree
	for _, m := range q.messages {
		if len(list) == most {
			break
		}
		if r.now.Before(m.hidden) {
			continue
		}
		m.hidden, m.handle = r.now.Add(visibility), r.ids.Hex(handlePrefix, 40)
		m.received++
		digest := md5.Sum([]byte(m.body)) //nolint:gosec // the service reports this digest
		list = append(list, wire.Tree{
			"MessageId": m.id, "ReceiptHandle": m.handle, "Body": m.body, "MD5OfBody": hex.EncodeToString(digest[:]),
			"Attributes": wire.Tree{
				"ApproximateReceiveCount": itoa(m.received), "SentTimestamp": itoa(int(m.sent.UnixMilli())),
			},
		})
	}
	if len(list) == 0 {
		r.waits = &waits{changed: q.arrived, until: r.began.Add(time.Duration(wait) * time.Second), again: q.reappears()}
		return wire.Tree{}, nil
	}
	return wire.Tree{"Messages": list}, nil
}

func deleteMessage(r *request) (wire.Tree, error) {
	q, err := r.queue(path.Base(r.in.Str("QueueUrl")))
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.in.Str("ReceiptHandle"), handlePrefix) {
		return nil, wire.Errorf("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
	}
	for n, m := range q.messages {
		if m.handle != "" && m.handle == r.in.Str("ReceiptHandle") {
			q.messages = append(q.messages[:n:n], q.messages[n+1:]...)
			break
		}
	}
	return nil, nil // deleting twice is no error
}
