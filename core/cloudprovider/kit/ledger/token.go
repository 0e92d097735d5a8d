// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/types"
)

// Token is what a cloud recognizes a repeated launch by: equal for equal
// arguments in every process, and different for different ones (KIT-070). It has
// the form of a UUID, which is what the strictest clouds want, and 36 characters.
// Generation counts the machines of the NodeClaim that this process has seen
// ended; it is 0 but for one that lost its machine before it was registered.
func Token(uid types.UID, parameters string, generation int) string {
	text := binary.AppendUvarint(nil, uint64(len(uid)))
	text = append(text, uid...)
	text = append(text, parameters...)
	text = binary.BigEndian.AppendUint64(text, uint64(generation))
	const custom = 8 // the version of RFC 9562 for hashes of one's own
	return uuid.NewHash(sha256.New(), uuid.Nil, text, custom).String()
}

func (e *entry[M]) token(parameters string) string {
	return Token(e.uid, parameters, e.lost+len(e.doomed))
}
