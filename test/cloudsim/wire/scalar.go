// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"karpenter.sh/test/cloudsim/model"
)

// iso8601 is the form of timestamps in XML.
const iso8601 = "2006-01-02T15:04:05.000Z"

// parse reads a scalar from its text; ok is false if it is not of its type.
func parse(kind, text string) (value any, ok bool) {
	var err error
	switch kind {
	case model.Integer:
		value, err = strconv.ParseInt(text, 10, 32)
	case model.Long:
		value, err = strconv.ParseInt(text, 10, 64)
	case model.Float, model.Double:
		value, err = strconv.ParseFloat(text, 64)
	case model.Boolean:
		if text != "true" && text != "false" {
			return nil, false
		}
		value = text == "true"
	case model.Timestamp:
		value, err = parseTime(text)
	case model.Blob:
		value, err = base64.StdEncoding.DecodeString(text)
	case model.String:
		value = text
	default:
		return nil, false
	}
	return value, err == nil
}

func parseTime(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("read time %q: %w", text, err)
	}
	return at.UTC(), nil
}

// format writes a scalar as text.
func format(kind string, value any) (string, error) {
	switch v := value.(type) {
	case string:
		if kind == model.String {
			return v, nil
		}
	case bool:
		if kind == model.Boolean {
			return strconv.FormatBool(v), nil
		}
	case int:
		return formatNumber(kind, int64(v))
	case int64:
		return formatNumber(kind, v)
	case float64:
		if kind == model.Float || kind == model.Double {
			return strconv.FormatFloat(v, 'f', -1, 64), nil
		}
	case time.Time:
		if kind == model.Timestamp {
			return v.UTC().Format(iso8601), nil
		}
	case []byte:
		if kind == model.Blob {
			return base64.StdEncoding.EncodeToString(v), nil
		}
	}
	return "", fmt.Errorf("a %T is no %s", value, kind)
}

func formatNumber(kind string, n int64) (string, error) {
	switch kind {
	case model.Integer, model.Long, model.Float, model.Double:
		return strconv.FormatInt(n, 10), nil
	}
	return "", fmt.Errorf("a whole number is no %s", kind)
}
