// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"strings"

	"karpenter.sh/test/cloudsim/model"
)

// ec2Dialect is the query protocol as EC2 alone speaks it: names with a capital,
// lists always flat, answers without a wrapper.
func ec2Dialect() dialect {
	return dialect{
		parameter: func(name string, ref *model.Ref) string {
			switch {
			case ref.QueryName != "":
				return ref.QueryName
			case ref.LocationName != "":
				return upperFirst(ref.LocationName)
			}
			return upperFirst(name)
		},
		flat:   true,
		refuse: refuseEC2,
	}
}

// refuseEC2 reports the first violation only, unknown parameters before all else.
func refuseEC2(violations []Violation) *Error {
	first := violations[0]
	for _, v := range violations {
		if v.Kind == Unknown {
			first = v
			break
		}
	}
	switch first.Kind {
	case Unknown:
		return Errorf("UnknownParameter", "The parameter %s is not recognized", first.Path)
	case Missing:
		return Errorf("MissingParameter", "The request must contain the parameter %s", first.Path)
	case Length:
		if first.Value == "" {
			return Errorf("InvalidParameterValue", "Invalid number of values for parameter %s: %s", first.Path, first.Rule)
		}
	}
	return Errorf("InvalidParameterValue", "Value ( %s ) for parameter %s is invalid. %s", first.Value, first.Path, first.Rule)
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
