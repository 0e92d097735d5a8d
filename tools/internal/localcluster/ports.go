// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports below the range from which the kernel picks for outgoing connections,
// so that no such connection takes a port between its choice and its use.
const (
	firstPort = 20000
	lastPort  = 32767
)

// Ports are the listeners of one cluster, all on the loopback interface but,
// with the kind runtime, that of the simulated cloud, which pods have to reach.
type Ports struct {
	APIServer         int `json:"apiServer"`
	Etcd              int `json:"etcd"`
	EtcdPeer          int `json:"etcdPeer"`
	ControllerManager int `json:"controllerManager"`
	Scheduler         int `json:"scheduler"`
	Kwok              int `json:"kwok"`
	// Metrics and Probe are the controller's own.
	Metrics int `json:"metrics"`
	Probe   int `json:"probe"`
	// Cloud and CloudControl are the simulated cloud's, where there is one.
	Cloud        int `json:"cloud"`
	CloudControl int `json:"cloudControl"`
	// ClusterAPI and ClusterAPIProbe are those of Cluster API's webhooks and probe, Machines
	// that of the program whose hosts are its Machines, where there are some.
	ClusterAPI      int `json:"clusterAPI"`
	ClusterAPIProbe int `json:"clusterAPIProbe"`
	Machines        int `json:"machines"`
}

func (p *Ports) all() []*int {
	return []*int{&p.APIServer, &p.Etcd, &p.EtcdPeer, &p.ControllerManager, &p.Scheduler, &p.Kwok, &p.Metrics, &p.Probe, &p.Cloud, &p.CloudControl,
		&p.ClusterAPI, &p.ClusterAPIProbe, &p.Machines}
}

// PickPorts chooses distinct ports, trying at random those for which free
// holds. Random, because clusters may come up side by side and the first free
// port is the same for all of them.
func PickPorts(random *rand.Rand, free func(port int) bool) (Ports, error) {
	var ports Ports
	wanted := ports.all()
	for _, offset := range random.Perm(lastPort - firstPort + 1) {
		if !free(firstPort + offset) {
			continue
		}
		*wanted[0] = firstPort + offset
		if wanted = wanted[1:]; len(wanted) == 0 {
			return ports, nil
		}
	}
	return Ports{}, errors.New("pick ports: too few free ones from " + strconv.Itoa(firstPort) + " on")
}

// portFree reports whether the port can be listened on right now.
func portFree(ctx context.Context, port int) bool {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}
