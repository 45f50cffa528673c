"""The members of CreateService and what stands for them when they are absent."""

from __future__ import annotations

from glia.ecs.defaults import (
    BOTOCORE,
    CHOSEN,
    ECSPRESSO,
    NEVER,
    RECORDED,
    RULE,
    TERRAFORM,
    UNSEEN,
    Row,
    absent,
    under,
)

_DEPLOYMENT_CONFIGURATION = (
    Row("deploymentConfiguration", {}, RECORDED),
    *under(
        "deploymentConfiguration",
        (
            Row("maximumPercent", RULE, f"{BOTOCORE}: by schedulingStrategy"),
            Row("minimumHealthyPercent", RULE, f"{BOTOCORE}: by schedulingStrategy"),
            Row("strategy", "ROLLING", ECSPRESSO),
            Row("bakeTimeInMinutes", 0, ECSPRESSO),
            Row("deploymentCircuitBreaker", {}, RECORDED),
            Row("deploymentCircuitBreaker.enable", False, RECORDED),
            Row("deploymentCircuitBreaker.rollback", False, RECORDED),
            Row("deploymentCircuitBreaker.resetOnHealthyTask", True, BOTOCORE),
            Row("alarms.enable", False, RECORDED),
            Row("alarms.rollback", False, RECORDED),
            Row("linearConfiguration.stepPercent", 10, BOTOCORE),
            Row("linearConfiguration.stepBakeTimeInMinutes", 6, BOTOCORE),
            Row("canaryConfiguration.canaryPercent", 5, BOTOCORE),
            Row("canaryConfiguration.canaryBakeTimeInMinutes", 10, BOTOCORE),
            Row("earlySuccessCriteria.enable", False, BOTOCORE),
            Row("earlySuccessCriteria.healthyPercent", 100, ECSPRESSO),
            Row("earlySuccessCriteria.sourceServiceRevisionCleanup", "BLOCKING", ECSPRESSO),
        ),
        under(
            "deploymentCircuitBreaker.thresholdConfiguration",
            (Row("type", "BOUNDED_PERCENT", BOTOCORE), Row("value", 50, BOTOCORE)),
        ),
        absent("alarms.alarmNames{}"),
        under(
            "lifecycleHooks[hook]",
            absent("hookTargetArn roleArn lifecycleStages{} hookDetails"),
            (
                Row("targetType", "AWS_LAMBDA", BOTOCORE),
                Row("timeoutConfiguration.timeoutInMinutes", 1440, BOTOCORE),
                Row("timeoutConfiguration.action", "ROLLBACK", BOTOCORE),
            ),
        ),
    ),
)

_LOAD_BALANCER = under(
    "loadBalancers[target]",
    absent("targetGroupArn loadBalancerName containerName containerPort"),
    under(
        "advancedConfiguration",
        absent("alternateTargetGroupArn productionListenerRule testListenerRule roleArn"),
    ),
)

_CLIENT_ALIAS = under(
    "clientAliases[port]",
    absent("port testTrafficRules.header.name testTrafficRules.header.value.exact"),
    (Row("dnsName", CHOSEN, f"{BOTOCORE}: made of discoveryName and namespace"),),
)

_SERVICE_CONNECT = under(
    "serviceConnectConfiguration",
    (
        Row("enabled", False, f"{BOTOCORE}; {TERRAFORM}: switched off and absent are one"),
        Row("namespace", CHOSEN, f"{BOTOCORE}: the cluster's default namespace"),
    ),
    under(
        "services[portName]",
        absent("portName timeout.idleTimeoutSeconds timeout.perRequestTimeoutSeconds"),
        (
            Row("discoveryName", CHOSEN, f"{BOTOCORE}: made of portName and namespace"),
            Row("ingressPortOverride", CHOSEN, f"{BOTOCORE}: the container's or a free port"),
        ),
        _CLIENT_ALIAS,
        absent("tls.issuerCertificateAuthority.awsPcaAuthorityArn tls.kmsKey tls.roleArn"),
    ),
    absent("logConfiguration.logDriver logConfiguration.options"),
    absent("logConfiguration.secretOptions[name].name"),
    absent("logConfiguration.secretOptions[name].valueFrom"),
    absent("accessLogConfiguration.format"),
    (
        Row("accessLogConfiguration.includeQueryParameters", "DISABLED", BOTOCORE),
        Row("containerConfigurations[].logLevel", "info", BOTOCORE),
    ),
)

_EBS_SAYS = f"{BOTOCORE}; {RECORDED}: EBS's own default, which differs by volume type and account"
_MANAGED_VOLUME = under(
    "volumeConfigurations[name]",
    absent("name"),
    under(
        "managedEBSVolume",
        absent("snapshotId volumeInitializationRate roleArn"),
        (
            Row("encrypted", CHOSEN, _EBS_SAYS),
            Row("kmsKeyId", CHOSEN, _EBS_SAYS),
            Row("volumeType", CHOSEN, _EBS_SAYS),
            Row("sizeInGiB", CHOSEN, f"{BOTOCORE}: the snapshot's"),
            Row("iops", CHOSEN, _EBS_SAYS),
            Row("throughput", CHOSEN, _EBS_SAYS),
            Row("filesystemType", "xfs", BOTOCORE),
            Row("tagSpecifications[resourceType].propagateTags", "NONE", BOTOCORE),
        ),
        absent("tagSpecifications[resourceType].resourceType"),
        absent("tagSpecifications[resourceType].tags[key].key"),
        absent("tagSpecifications[resourceType].tags[key].value"),
    ),
)

_LATTICE = under(
    "vpcLatticeConfigurations[portName]",
    absent("roleArn targetGroupArn portName"),
    under(
        "advancedConfiguration",
        absent("alternateTargetGroupArn productionListenerRule testListenerRule"),
    ),
)

_ONLY_IN_REVISIONS = "only DescribeServiceRevisions shows it"
_GATEWAY = (
    Row("gatewayConnectors", UNSEEN, _ONLY_IN_REVISIONS),
    *under(
        "gatewayConnectors[portName]",
        absent("portName filters.accessTypes{}"),
        under(
            "healthCheck",
            absent("healthCheckProtocol healthCheckPort healthCheckPath matcher.httpCode"),
            absent("healthCheckTimeoutSeconds healthCheckIntervalSeconds matcher.grpcCode"),
            absent("healthyThresholdCount unhealthyThresholdCount"),
        ),
        (Row("deregistrationDelay.timeoutSeconds", 300, BOTOCORE),),
    ),
    Row("monitoring", UNSEEN, _ONLY_IN_REVISIONS),
    *absent("monitoring.metricConfigurations[metrics].metricNames{}"),
    *absent("monitoring.metricConfigurations[metrics].resolutionSeconds"),
)

SERVICE: tuple[Row, ...] = (
    Row("cluster", NEVER, "where the service is looked for"),
    Row("serviceName", NEVER, "what it is looked for by"),
    Row("taskDefinition", NEVER, "compared by its content, never by ARN or number"),
    Row("desiredCount", NEVER, "often owned by autoscaling: compared apart"),
    Row("clientToken", NEVER, "tells a repeated call from a new one"),
    Row("tags", NEVER, "by key, and beside the service: only the keys that Glia sets"),
    # Absent in CreateService means ENABLED where ECS finds it possible, absent in an old
    # service's description DISABLED. A manifest's services always say it, so only the
    # second is met.
    Row("availabilityZoneRebalancing", "DISABLED", f"{ECSPRESSO}; {BOTOCORE} of UpdateService"),
    *_LOAD_BALANCER,
    *absent("serviceRegistries[registryArn].registryArn serviceRegistries[registryArn].port"),
    *absent("serviceRegistries[registryArn].containerName"),
    *absent("serviceRegistries[registryArn].containerPort"),
    Row("launchType", RULE, f"{RECORDED}: EC2, unless a capacityProviderStrategy is given"),
    *absent("capacityProviderStrategy[capacityProvider].capacityProvider"),
    Row("capacityProviderStrategy[capacityProvider].weight", 0, BOTOCORE),
    Row("capacityProviderStrategy[capacityProvider].base", 0, BOTOCORE),
    Row("platformVersion", RULE, f"{ECSPRESSO}: LATEST, on Fargate"),
    Row("role", RULE, f"{RECORDED}: shown as roleArn, and the service-linked role for none"),
    *_DEPLOYMENT_CONFIGURATION,
    *absent("placementConstraints[constraint].type placementConstraints[constraint].expression"),
    # ECS applies strategies one after another.
    *absent("placementStrategy[].type placementStrategy[].field"),
    *under(
        "networkConfiguration.awsvpcConfiguration",
        absent("subnets{}"),
        (
            Row("securityGroups{}", CHOSEN, f"{BOTOCORE}: the VPC's default security group"),
            Row("assignPublicIp", "DISABLED", BOTOCORE),
        ),
    ),
    Row("healthCheckGracePeriodSeconds", 0, BOTOCORE),
    Row("schedulingStrategy", "REPLICA", RECORDED),
    Row("deploymentController", {}, RECORDED),
    Row("deploymentController.type", "ECS", BOTOCORE),
    Row("enableECSManagedTags", False, RECORDED),
    Row("propagateTags", "NONE", BOTOCORE),
    Row("enableExecuteCommand", False, RECORDED),
    *_SERVICE_CONNECT,
    *_MANAGED_VOLUME,
    *_LATTICE,
    *_GATEWAY,
)

# What DescribeServices tells beside what was asked for; canonical_rules.py reads roleArn as role.
SERVICE_ANSWERS = frozenset(
    {
        "clusterArn",
        "createdAt",
        "createdBy",
        "currentServiceDeployment",
        "currentServiceRevisions",
        "deployments",
        "events",
        "pendingCount",
        "platformFamily",
        "resourceManagementType",
        "roleArn",
        "runningCount",
        "serviceArn",
        "status",
        "taskSets",
    }
)
