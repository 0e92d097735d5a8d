// SPDX-License-Identifier: Apache-2.0

package launch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"karpenter.sh/providers/proxmox/machineconfig"
	"karpenter.sh/providers/proxmox/pve"
)

// ErrRemains means that a launch failed, and that its machine may still be there or come.
var ErrRemains = errors.New("the machine may remain")

// undoLimit bounds what is done after a launch failed, also for callers that have gone.
const undoLimit = 3 * time.Minute

// undo gives back what a launch took. A machine that may remain keeps its addresses: who
// lists machines gives them back when it has gone.
func (w *work) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	err := w.removeMachine(ctx)
	if err == nil {
		w.Book.Release(w.holder())
		w.Ledger.Cancel(w.at(), w.made.ID)
	} else {
		err = errors.Join(ErrRemains, err)
		w.Ledger.Started(w.at(), w.made.ID, w.Clock.Now()) // it takes of its host until a reading shows that it does not
	}
	if w.medium != nil {
		err = errors.Join(err, w.client.DeleteVolume(ctx, w.Host, w.medium.storage, w.medium.id))
	}
	if err != nil {
		return fmt.Errorf("cleaning up: %w", err)
	}
	return nil
}

// removeMachine deletes the clone, if it is there and the launch's own.
func (w *work) removeMachine(ctx context.Context) error {
	if !w.cloned {
		return nil
	}
	options, err := w.client.Options(ctx, w.made.Place)
	switch {
	case pve.IsGone(err) && w.lostAnswer:
		return errors.New("whether it is being cloned is not known")
	case pve.IsGone(err):
		return nil
	case err != nil:
		return err
	case options["lock"] == "clone" && options["description"] == "":
		return errors.New("it is being cloned, and says not yet whose it is")
	case !w.own(options):
		return nil
	}
	if err := stop(ctx, w.client, w.made.Place); err != nil {
		return err
	}
	return remove(ctx, w.client, w.made.Place)
}

// own reports whether a machine is the launch's: others may have its ID.
func (w *work) own(options pve.Options) bool {
	owner, ours := machineconfig.OwnerOf(options["description"])
	return ours && options["name"] == w.Name && owner.UID == w.Owner.UID
}

// stop pulls the plug of a machine. One that has gone meanwhile is no error.
func stop(ctx context.Context, c *pve.Client, m pve.Place) error {
	if err := c.Stop(ctx, m); err != nil && !pve.IsGone(err) {
		return fmt.Errorf("stopping it: %w", err)
	}
	return nil
}

// remove deletes a machine that was stopped. One that has gone meanwhile is no error.
func remove(ctx context.Context, c *pve.Client, m pve.Place) error {
	if err := c.Delete(ctx, m); err != nil && !pve.IsGone(err) {
		return fmt.Errorf("deleting it: %w", err)
	}
	return nil
}
