// SPDX-License-Identifier: Apache-2.0

package lenient

// Greatest number of characters of a number that is parsed, and of digits in its
// exponent. The work of parsing is bounded by both: an exponent of two digits
// moves the decimal point by at most 99 places.
const (
	maxNumber   = 64
	maxExponent = 2
)

// laborious reports whether a text holds a number, quoted or not, that is not to
// be parsed. Text of other kinds may be taken for one; that costs time only.
func laborious(text []byte) bool {
	for i := 0; i < len(text); {
		length := 0
		for i+length < len(text) && numeric(text[i+length]) {
			length++
		}
		if length > 0 && !parsable(text[i:i+length]) && delimited(text, i, i+length) {
			return true
		}
		i += length + 1
	}
	return false
}

// delimited reports whether a part of a text is a whole JSON token.
func delimited(text []byte, from, to int) bool {
	return (from == 0 || !wordly(text[from-1])) && (to == len(text) || !wordly(text[to]))
}

// wordly holds for what joins a number to a word or an identifier.
func wordly(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '/'
}

// numeric holds for the characters of decimal numbers.
func numeric(c byte) bool {
	return '0' <= c && c <= '9' || c == '.' || c == '+' || c == '-' || c == 'e' || c == 'E'
}

// parsable reports whether a number is short and has a short exponent.
func parsable(number []byte) bool {
	exponent := -1
	for _, c := range number {
		switch {
		case c == 'e' || c == 'E':
			exponent = 0
		case exponent >= 0 && c != '+' && c != '-':
			exponent++
		}
	}
	return len(number) <= maxNumber && exponent <= maxExponent
}
