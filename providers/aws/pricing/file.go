// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cloudprovider/kit/price"
)

// userFile is the user's file as it was last read.
type userFile struct {
	text []byte // nil before the first time
	// reported is the error that was told last: a file stays wrong for many looks.
	reported string
}

// readFile puts the user's file in force if it has changed. One that is wrong or gone
// leaves the former in force (AWS-446); that is an error once.
func (p *Prices) readFile(ctx context.Context) error {
	text, err := os.ReadFile(p.opts.File)
	if err != nil {
		return p.file.report(fmt.Errorf("reading --price-file: %w", err))
	}
	if p.file.text != nil && bytes.Equal(text, p.file.text) {
		p.file.reported = ""
		return nil
	}
	file, err := price.ReadFile(p.opts.File, text)
	if err != nil {
		return p.file.report(fmt.Errorf("reading --price-file: %w", err))
	}
	p.book.SetFile(file)
	p.file = userFile{text: append([]byte{}, text...)}
	log.FromContext(ctx).Info("the user's prices are in force", "file", p.opts.File, "rows", file.Rows())
	return nil
}

func (f *userFile) report(err error) error {
	if err.Error() == f.reported {
		return nil
	}
	f.reported = err.Error()
	return err
}
