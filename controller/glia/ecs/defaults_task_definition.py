"""The members of RegisterTaskDefinition and what stands for them when they are absent."""

from __future__ import annotations

from glia.ecs.defaults import (
    BOTOCORE,
    DOCKER,
    NEVER,
    RECORDED,
    RULE,
    TERRAFORM,
    Row,
    absent,
    under,
)

_LINUX_PARAMETERS = under(
    "linuxParameters",
    absent("capabilities.add{} capabilities.drop{} sharedMemorySize maxSwap swappiness"),
    (Row("initProcessEnabled", False, DOCKER),),
    absent("devices[hostPath].hostPath"),
    (
        Row("devices[hostPath].containerPath", RULE, "AWS's own samples; the agent: hostPath"),
        Row("devices[hostPath].permissions{}", ("read", "write", "mknod"), BOTOCORE),
    ),
    # A later mount option overrides an earlier one.
    absent("tmpfs[containerPath].containerPath tmpfs[containerPath].size"),
    absent("tmpfs[containerPath].mountOptions[]"),
)

_HEALTH_CHECK = under(
    "healthCheck",
    absent("command[] startPeriod"),
    (
        Row("interval", 30, BOTOCORE),
        Row("timeout", 5, BOTOCORE),
        Row("retries", 3, BOTOCORE),
    ),
)

_CONTAINER = under(
    "containerDefinitions[name]",
    absent("name image repositoryCredentials.credentialsParameter memory memoryReservation"),
    (
        Row("cpu", 0, f"{RECORDED}; {TERRAFORM}"),
        Row("essential", True, BOTOCORE),
        Row("versionConsistency", "enabled", BOTOCORE),
        Row("disableNetworking", False, DOCKER),
        Row("privileged", False, DOCKER),
        Row("readonlyRootFilesystem", False, DOCKER),
        Row("interactive", False, DOCKER),
        Row("pseudoTerminal", False, DOCKER),
    ),
    absent("portMappings[port].containerPort portMappings[port].containerPortRange"),
    absent("portMappings[port].name portMappings[port].appProtocol"),
    (
        Row("portMappings[port].hostPort", RULE, f"{BOTOCORE}; {TERRAFORM}: by networkMode"),
        Row("portMappings[port].protocol", "tcp", f"{BOTOCORE}; {TERRAFORM}"),
    ),
    absent("restartPolicy.enabled restartPolicy.ignoredExitCodes{}"),
    (Row("restartPolicy.restartAttemptPeriod", 300, BOTOCORE),),
    # Docker takes links, security options and credential specifications in any order.
    absent("links{} dockerSecurityOptions{} credentialSpecs{}"),
    absent("entryPoint[] command[] dnsServers[] dnsSearchDomains[]"),
    absent("environment[name].name environment[name].value"),
    absent("secrets[name].name secrets[name].valueFrom"),
    # Of a variable that two files set, the first counts.
    absent("environmentFiles[].value environmentFiles[].type"),
    absent("mountPoints[containerPath].sourceVolume mountPoints[containerPath].containerPath"),
    (Row("mountPoints[containerPath].readOnly", False, BOTOCORE),),
    absent("volumesFrom[sourceContainer].sourceContainer"),
    (Row("volumesFrom[sourceContainer].readOnly", False, BOTOCORE),),
    _LINUX_PARAMETERS,
    absent("dependsOn[containerName].containerName dependsOn[containerName].condition"),
    absent("startTimeout stopTimeout hostname user workingDirectory dockerLabels"),
    absent("extraHosts[hostname].hostname extraHosts[hostname].ipAddress"),
    absent("ulimits[name].name ulimits[name].softLimit ulimits[name].hardLimit"),
    absent("logConfiguration.logDriver logConfiguration.options"),
    absent("logConfiguration.secretOptions[name].name"),
    absent("logConfiguration.secretOptions[name].valueFrom"),
    _HEALTH_CHECK,
    absent("systemControls[namespace].namespace systemControls[namespace].value"),
    absent("resourceRequirements[type].type resourceRequirements[type].value"),
    under(
        "resourceRequirements[type].sharingStrategy.nvidiaMps",
        absent("memory"),
        (Row("maxComputePercent", 100, BOTOCORE),),
    ),
    absent("firelensConfiguration.type firelensConfiguration.options"),
)

_VOLUME = under(
    "volumes[name]",
    absent("name host.sourcePath configuredAtLaunch"),
    under("dockerVolumeConfiguration", absent("scope autoprovision driver driverOpts labels")),
    under(
        "efsVolumeConfiguration",
        absent("fileSystemId transitEncryptionPort authorizationConfig.accessPointId"),
        (
            Row("rootDirectory", "/", f"{TERRAFORM}; {BOTOCORE}: the root"),
            Row("transitEncryption", "DISABLED", BOTOCORE),
            Row("authorizationConfig.iam", "DISABLED", BOTOCORE),
        ),
    ),
    under(
        "s3filesVolumeConfiguration",
        absent("fileSystemArn transitEncryptionPort accessPointArn"),
        (Row("rootDirectory", "/", f"{BOTOCORE}: the root"),),
    ),
    under(
        "fsxWindowsFileServerVolumeConfiguration",
        absent("fileSystemId rootDirectory"),
        absent("authorizationConfig.credentialsParameter authorizationConfig.domain"),
    ),
)

TASK_DEFINITION: tuple[Row, ...] = (
    *absent("family taskRoleArn executionRoleArn"),
    Row("networkMode", RULE, f"{BOTOCORE}; developer guide: awsvpc where nothing else can be"),
    *_CONTAINER,
    *_VOLUME,
    *absent("placementConstraints[constraint].type placementConstraints[constraint].expression"),
    *absent("requiresCompatibilities{}", f"{BOTOCORE}: left out of the answer too"),
    *absent("cpu memory pidMode ipcMode ephemeralStorage.sizeInGiB"),
    Row("tags", NEVER, "by key, and beside the definition: only the keys that Glia sets"),
    Row("proxyConfiguration.type", "APPMESH", TERRAFORM),
    *absent("proxyConfiguration.containerName"),
    *absent("proxyConfiguration.properties[name].name proxyConfiguration.properties[name].value"),
    *absent("inferenceAccelerators[deviceName].deviceName"),
    *absent("inferenceAccelerators[deviceName].deviceType"),
    *absent("runtimePlatform.cpuArchitecture runtimePlatform.operatingSystemFamily"),
    Row("enableFaultInjection", False, BOTOCORE),
    *absent("trustedExecutionConfiguration.isolationMode"),
    *absent("trustedExecutionConfiguration.attestationPolicy"),
)

# What DescribeTaskDefinition tells beside what was registered.
TASK_DEFINITION_ANSWERS = frozenset(
    {
        "compatibilities",
        "deleteRequestedAt",
        "deregisteredAt",
        "registeredAt",
        "registeredBy",
        "requiresAttributes",
        "revision",
        "status",
        "taskDefinitionArn",
    }
)
