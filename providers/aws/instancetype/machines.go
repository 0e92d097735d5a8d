// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"errors"
	"fmt"

	"karpenter.sh/core/cloudprovider/kit/catalogue"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// keptMachines bounds the machines that are kept, a kilobyte or two each. A launch asks
// for 60 types, and those of one NodePool ask for the same.
const keptMachines = 2000

// machineEra is what all machines depend on. When it changes, all are out of date.
type machineEra struct{ catalogue, memory uint64 }

// madeMachine is a machine, or why there is none.
type madeMachine struct {
	machine Machine
	err     error
}

// machines keeps what was worked out for launches, by all that it depends on.
type machines struct {
	eras *catalogue.Memo[machineEra, *catalogue.Memo[string, madeMachine]]
}

func newMachines() machines {
	return machines{catalogue.NewMemo[machineEra, *catalogue.Memo[string, madeMachine]](keptEras)}
}

// Machine returns what a launch of a type must know. It is shared and must not be
// changed.
func (p *Provider) Machine(nodeClass *v1.EC2NodeClass, instanceType string) (Machine, error) {
	x, generation, err := p.index()
	if err != nil {
		return Machine{}, err
	}
	s, err := newSubject(nodeClass, nil)
	if err != nil {
		return Machine{}, err
	}
	kept := p.machines.eras.Get(machineEra{generation, p.observed.Generation()}, func() *catalogue.Memo[string, madeMachine] {
		return catalogue.NewMemo[string, madeMachine](keptMachines)
	})
	var buffer [1024]byte
	made := kept.Get(string(s.key(buffer[:0]).text(instanceType)), func() madeMachine {
		machine, err := p.machine(x, s, instanceType)
		return madeMachine{machine, err}
	})
	if made.err != nil {
		return Machine{}, fmt.Errorf("computing instance type %s for EC2NodeClass %s: %w", instanceType, nodeClass.Name, made.err)
	}
	return made.machine, nil
}

func (p *Provider) machine(x *index, s subject, instanceType string) (Machine, error) {
	d := x.byName[instanceType]
	if d == nil {
		return Machine{}, ErrUnknown
	}
	t, err := p.terms(s)
	if err != nil {
		return Machine{}, err
	}
	w, err := t.work(d)
	if err == nil && w.unbootable != "" {
		err = errors.New(w.unbootable)
	}
	return w.Machine, err
}
