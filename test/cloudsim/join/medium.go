// SPDX-License-Identifier: Apache-2.0

package join

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// seedLabel is the name of a volume that cloud-init takes for boot data, in capitals or
// not.
const seedLabel = "cidata"

// readSeed reads the files of a medium with boot data: those in its root directory, by the
// names that Rock Ridge has for them. The names of ISO 9660 itself are too short for
// cloud-init to find them.
func readSeed(image []byte) (map[string][]byte, error) {
	if len(image) == 0 {
		return nil, errors.New("there is no medium with boot data")
	}
	m := medium{image}
	volume, err := m.volume()
	if err != nil {
		return nil, err
	}
	label := strings.TrimRight(string(volume[40:72]), " \x00")
	if !strings.EqualFold(label, seedLabel) {
		return nil, fmt.Errorf("the medium is called %q, and cloud-init looks for %s", label, seedLabel)
	}
	directory, err := m.extent(volume[156:190])
	if err != nil {
		return nil, fmt.Errorf("the medium's root directory: %w", err)
	}
	files := map[string][]byte{}
	for _, record := range records(directory) {
		name := rockRidgeName(record)
		if name == "" || record[25]&isDirectory != 0 {
			continue
		}
		if files[name], err = m.extent(record); err != nil {
			return nil, fmt.Errorf("file %s of the medium: %w", name, err)
		}
	}
	return files, nil
}

// ISO 9660: blocks of which the first descriptor is the seventeenth.
const (
	block       = 2048
	descriptors = 16
	isDirectory = 2 // flag of a record
)

// medium is an image of an ISO 9660.
type medium struct{ image []byte }

var errNoISO = errors.New("the medium is no ISO 9660")

// volume is the primary volume descriptor.
func (m medium) volume() ([]byte, error) {
	for at := descriptors * block; at+block <= len(m.image); at += block {
		switch d := m.image[at : at+block]; {
		case string(d[1:6]) != "CD001" || d[0] == 255:
			return nil, errNoISO
		case d[0] == 1:
			return d, nil
		}
	}
	return nil, errNoISO
}

// extent is what a record is about.
func (m medium) extent(record []byte) ([]byte, error) {
	at, length := uint64(binary.LittleEndian.Uint32(record[2:]))*block, uint64(binary.LittleEndian.Uint32(record[10:]))
	if at+length > uint64(len(m.image)) {
		return nil, errors.New("it ends beyond the medium")
	}
	return m.image[at : at+length], nil
}

// shortest is the length of a record without a name.
const shortest = 33

// records are those of a directory. None crosses the end of a block, the rest of which is
// empty.
func records(directory []byte) [][]byte {
	var out [][]byte
	for at := 0; at < len(directory); {
		length := int(directory[at])
		switch {
		case length == 0:
			at += block - at%block
		case length < shortest || at+length > len(directory):
			return out
		default:
			out = append(out, directory[at:at+length])
			at += length
		}
	}
	return out
}

// rockRidgeName is the name that a record has in Rock Ridge; empty: it has none.
func rockRidgeName(record []byte) string {
	name := ""
	at := shortest + int(record[shortest-1])
	at += at % 2 // what follows is at an even place
	for at+4 <= len(record) {
		length := int(record[at+2])
		if length < 4 || at+length > len(record) {
			break
		}
		if string(record[at:at+2]) == "NM" && length > 5 {
			name += string(record[at+5 : at+length])
		}
		at += length
	}
	return name
}
