// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
	kit "karpenter.sh/core/cloudprovider/kit/interruption"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/providers/aws/providerid"
)

// StatusName is the name, in logs and metrics, of the controller that polls the status
// of instances; that of the queue has the kit's name.
const StatusName = "interruption.instancestatus"

// every is the time between two looks at the status of instances (AWS-389).
const every = time.Minute

// Options are what the controllers work with. All but QueueName, SQS and Reservations
// are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index, and writes.
	Client client.Client
	// Live reads past the cache.
	Live client.Reader
	// Kinds of NodeClasses that the provider manages.
	Kinds cloudprovider.NodeClassKinds
	// QueueName is that of the SQS queue; empty: there is none.
	QueueName string
	// SQS is required with a queue.
	SQS SQS
	EC2 ec2.DescribeInstanceStatusAPIClient
	// Health records what cannot be bought.
	Health *health.Record
	// Reservations is nil without reserved capacity.
	Reservations Reservations
	Events       events.Recorder
	// NodeClaims counts deletions.
	NodeClaims *metrics.NodeClaims
	Metrics    *Metrics
	Clock      clock.PassiveClock
}

// Controllers returns the controller of instance statuses and, if there is a queue, that
// of the queue. They are two, so that the one that waits for messages does not hold up
// the other.
func Controllers(o Options) []*kit.Controller {
	shared := kit.Options{
		Deleted: &kit.Deletions{}, Client: o.Client, Live: o.Live, Kinds: o.Kinds, MachineID: machineID,
		Mark: Mark(o.Health, o.Reservations), Events: o.Events, NodeClaims: o.NodeClaims, Clock: o.Clock,
	}
	status := shared
	status.Name, status.Every = StatusName, every
	status.Sources = []kit.Source{NewStatus(StatusOptions{
		API: o.EC2, NodeClaims: o.Client, Kinds: o.Kinds, Clock: o.Clock, Metrics: o.Metrics,
	})}
	controllers := []*kit.Controller{kit.New(status)}
	if o.QueueName != "" {
		queue := shared // its source waits by itself
		queue.Sources = []kit.Source{NewQueue(QueueOptions{API: o.SQS, Name: o.QueueName, Clock: o.Clock, Metrics: o.Metrics})}
		controllers = append(controllers, kit.New(queue))
	}
	return controllers
}

// machineID is empty for a provider ID of another cloud, or of none yet.
func machineID(providerID string) string {
	id, err := providerid.InstanceID(providerID)
	if err != nil {
		return ""
	}
	return id
}
