// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"errors"
	"fmt"
	"regexp"
)

// What is wrong with a document or a value.
var (
	ErrUnknownDocument    = errors.New("there is no such document")
	ErrUnknownPlaceholder = errors.New("there is no such placeholder")
	ErrMissingValue       = errors.New("it has no value")
	ErrInvalidValue       = errors.New("its value is not valid")
)

// Values are what placeholders stand for. Only those that a document uses are needed.
type Values struct {
	// Partition such as aws, aws-cn, aws-us-gov. It decides ${DNSSuffix} too.
	Partition string
	Region    string
	// AccountID has twelve digits.
	AccountID   string
	ClusterName string
	// QueueName is that of the interruption queue.
	QueueName string
	// NodeRole is the name of the nodes' role, with its path if it has one and without
	// a slash in front.
	NodeRole string
	// OIDCProvider is the cluster's issuer without https://.
	OIDCProvider string
	// Namespace and ServiceAccount are the controller's.
	Namespace, ServiceAccount string
}

// placeholder is what a name stands for, and which values it may have.
type placeholder struct{ value, pattern string }

func (v Values) placeholders() map[string]placeholder {
	const label = `[a-z0-9]([-a-z0-9.]*[a-z0-9])?`
	return map[string]placeholder{
		"Partition":      {v.Partition, `aws(-[a-z]+)*`},
		"DNSSuffix":      {dnsSuffix(v.Partition), `[a-z.]+`},
		"Region":         {v.Region, `[a-z]+(-[a-z]+)+-[0-9]+`},
		"AccountID":      {v.AccountID, `[0-9]{12}`},
		"ClusterName":    {v.ClusterName, `[A-Za-z0-9][A-Za-z0-9_-]{0,99}`},
		"QueueName":      {v.QueueName, `[A-Za-z0-9_-]{1,80}`},
		"NodeRole":       {v.NodeRole, `([\w+=,.@-]+/)*[\w+=,.@-]{1,64}`},
		"OIDCProvider":   {v.OIDCProvider, `[A-Za-z0-9.-]+(/[A-Za-z0-9._-]+)*`},
		"Namespace":      {v.Namespace, label},
		"ServiceAccount": {v.ServiceAccount, label},
	}
}

// dnsSuffix is the end of the names of services; a partition that is missing has none.
func dnsSuffix(partition string) string {
	switch partition {
	case "":
		return ""
	case "aws-cn":
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// check says what is wrong with a placeholder of a name.
func (p placeholder) check() error {
	if p.value == "" {
		return ErrMissingValue
	}
	ok, err := regexp.MatchString(`^(`+p.pattern+`)$`, p.value)
	if err != nil || !ok {
		return fmt.Errorf("%w: %q", ErrInvalidValue, p.value)
	}
	return nil
}
