// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// record is a row of a table, by column.
type record map[string]string

func (r record) number(column string) (int64, error) { return strconv.ParseInt(r[column], 10, 64) }

// readTable calls for each row of a file of comma-separated values with a header.
func readTable(path string, each func(record) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening a table: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	header, err := r.Read()
	for err == nil {
		var row []string
		if row, err = r.Read(); err != nil {
			break
		}
		cells := record{}
		for i, name := range header {
			cells[name] = row[i]
		}
		err = each(cells)
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}
