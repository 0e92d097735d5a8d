// SPDX-License-Identifier: Apache-2.0

package aws

// handlers are the calls that are simulated.
func handlers() map[string]handler {
	return map[string]handler{
		"ec2:CreateFleet":                   createFleet,
		"ec2:CreateLaunchTemplate":          createLaunchTemplate,
		"ec2:CreateTags":                    createTags,
		"ec2:DeleteLaunchTemplate":          deleteLaunchTemplate,
		"ec2:DescribeCapacityReservations":  describeCapacityReservations,
		"ec2:DescribeImages":                describeImages,
		"ec2:DescribeInstanceStatus":        describeInstanceStatus,
		"ec2:DescribeInstanceTypeOfferings": describeInstanceTypeOfferings,
		"ec2:DescribeInstanceTypes":         describeInstanceTypes,
		"ec2:DescribeInstances":             describeInstances,
		"ec2:DescribeLaunchTemplates":       describeLaunchTemplates,
		"ec2:DescribePlacementGroups":       describePlacementGroups,
		"ec2:DescribeSecurityGroups":        describeSecurityGroups,
		"ec2:DescribeSpotPriceHistory":      describeSpotPriceHistory,
		"ec2:DescribeSubnets":               describeSubnets,
		"ec2:RunInstances":                  runInstances,
		"ec2:TerminateInstances":            terminateInstances,

		"arc-zonal-shift:GetManagedResource": getManagedResource,
		"eks:DescribeCluster":                describeCluster,
		"iam:AddRoleToInstanceProfile":       addRole,
		"iam:CreateInstanceProfile":          createProfile,
		"iam:DeleteInstanceProfile":          deleteProfile,
		"iam:GetInstanceProfile":             getProfile,
		"iam:ListInstanceProfiles":           listProfiles,
		"iam:RemoveRoleFromInstanceProfile":  removeRole,
		"pricing:GetProducts":                getProducts,
		"servicequotas:ListServiceQuotas":    listServiceQuotas,
		"sqs:DeleteMessage":                  deleteMessage,
		"sqs:GetQueueUrl":                    getQueueURL,
		"sqs:ReceiveMessage":                 receiveMessage,
		"ssm:GetParameter":                   getParameter,
		"sts:AssumeRole":                     assumeRole,
		"sts:AssumeRoleWithWebIdentity":      assumeRoleWithWebIdentity,
		"sts:GetCallerIdentity":              getCallerIdentity,
	}
}
