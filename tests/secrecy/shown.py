"""What of a manifest Glia shows, and why: everything else that its author can write is masked."""

from __future__ import annotations

NAME = "a name by which others refer to it"
KEY = "the name of a value that is masked"
PLACE = "where something is, which opens nothing"
ROLE = "an ARN: who may do what is what a reviewer looks at"
WHAT = "what runs, and as whom"
SIZE = "how much of something"
RULE = "on which instances tasks are placed"

DEFINITION: dict[str, tuple[str, ...]] = {
    NAME: (
        "family",
        "containerDefinitions.name",
        "containerDefinitions.credentialSpecs",
        "containerDefinitions.dependsOn.containerName",
        "containerDefinitions.links",
        "containerDefinitions.mountPoints.sourceVolume",
        "containerDefinitions.portMappings.name",
        "containerDefinitions.volumesFrom.sourceContainer",
        "inferenceAccelerators.deviceName",
        "inferenceAccelerators.deviceType",
        "proxyConfiguration.containerName",
        "trustedExecutionConfiguration.attestationPolicy",
        "volumes.dockerVolumeConfiguration.driver",
        "volumes.name",
    ),
    KEY: (
        "containerDefinitions.dockerLabels (key)",
        "containerDefinitions.environment.name",
        "containerDefinitions.firelensConfiguration.options (key)",
        "containerDefinitions.logConfiguration.options (key)",
        "containerDefinitions.logConfiguration.secretOptions.name",
        "containerDefinitions.secrets.name",
        "containerDefinitions.systemControls.namespace",
        "proxyConfiguration.properties.name",
        "volumes.dockerVolumeConfiguration.driverOpts (key)",
        "volumes.dockerVolumeConfiguration.labels (key)",
    ),
    PLACE: (
        "containerDefinitions.dnsSearchDomains",
        "containerDefinitions.dnsServers",
        "containerDefinitions.environmentFiles.value",
        "containerDefinitions.extraHosts.hostname",
        "containerDefinitions.extraHosts.ipAddress",
        "containerDefinitions.hostname",
        "containerDefinitions.linuxParameters.devices.containerPath",
        "containerDefinitions.linuxParameters.devices.hostPath",
        "containerDefinitions.linuxParameters.tmpfs.containerPath",
        "containerDefinitions.mountPoints.containerPath",
        "containerDefinitions.portMappings.containerPortRange",
        "containerDefinitions.workingDirectory",
        "volumes.efsVolumeConfiguration.authorizationConfig.accessPointId",
        "volumes.efsVolumeConfiguration.fileSystemId",
        "volumes.efsVolumeConfiguration.rootDirectory",
        "volumes.fsxWindowsFileServerVolumeConfiguration.authorizationConfig.domain",
        "volumes.fsxWindowsFileServerVolumeConfiguration.fileSystemId",
        "volumes.fsxWindowsFileServerVolumeConfiguration.rootDirectory",
        "volumes.host.sourcePath",
        "volumes.s3filesVolumeConfiguration.accessPointArn",
        "volumes.s3filesVolumeConfiguration.fileSystemArn",
        "volumes.s3filesVolumeConfiguration.rootDirectory",
    ),
    ROLE: ("executionRoleArn", "taskRoleArn"),
    WHAT: (
        "containerDefinitions.dockerSecurityOptions",
        "containerDefinitions.image",
        "containerDefinitions.linuxParameters.capabilities.add",
        "containerDefinitions.linuxParameters.capabilities.drop",
        "containerDefinitions.linuxParameters.tmpfs.mountOptions",
        "containerDefinitions.user",
    ),
    SIZE: ("containerDefinitions.resourceRequirements.value", "cpu", "memory"),
    RULE: ("placementConstraints.expression",),
}
SERVICE: dict[str, tuple[str, ...]] = {
    NAME: (
        "capacityProviderStrategy.capacityProvider",
        "deploymentConfiguration.alarms.alarmNames",
        "gatewayConnectors.portName",
        "loadBalancers.containerName",
        "loadBalancers.loadBalancerName",
        "monitoring.metricConfigurations.metricNames",
        "networkConfiguration.awsvpcConfiguration.securityGroups",
        "platformVersion",
        "serviceConnectConfiguration.namespace",
        "serviceConnectConfiguration.services.discoveryName",
        "serviceConnectConfiguration.services.portName",
        "serviceConnectConfiguration.services.tls.kmsKey",
        "serviceRegistries.containerName",
        "volumeConfigurations.managedEBSVolume.kmsKeyId",
        "volumeConfigurations.managedEBSVolume.snapshotId",
        "volumeConfigurations.managedEBSVolume.volumeType",
        "volumeConfigurations.name",
        "vpcLatticeConfigurations.portName",
    ),
    KEY: (
        "serviceConnectConfiguration.logConfiguration.options (key)",
        "serviceConnectConfiguration.logConfiguration.secretOptions.name",
        "volumeConfigurations.managedEBSVolume.tagSpecifications.tags.key",
    ),
    PLACE: (
        "deploymentConfiguration.lifecycleHooks.hookTargetArn",
        "gatewayConnectors.healthCheck.healthCheckPath",
        "gatewayConnectors.healthCheck.matcher.grpcCode",
        "gatewayConnectors.healthCheck.matcher.httpCode",
        "loadBalancers.advancedConfiguration.alternateTargetGroupArn",
        "loadBalancers.advancedConfiguration.productionListenerRule",
        "loadBalancers.advancedConfiguration.testListenerRule",
        "loadBalancers.targetGroupArn",
        "networkConfiguration.awsvpcConfiguration.subnets",
        "serviceConnectConfiguration.services.clientAliases.dnsName",
        "serviceRegistries.registryArn",
        "vpcLatticeConfigurations.advancedConfiguration.alternateTargetGroupArn",
        "vpcLatticeConfigurations.advancedConfiguration.productionListenerRule",
        "vpcLatticeConfigurations.advancedConfiguration.testListenerRule",
        "vpcLatticeConfigurations.targetGroupArn",
    ),
    ROLE: (
        "deploymentConfiguration.lifecycleHooks.roleArn",
        "loadBalancers.advancedConfiguration.roleArn",
        "role",
        "serviceConnectConfiguration.services.tls.issuerCertificateAuthority.awsPcaAuthorityArn",
        "serviceConnectConfiguration.services.tls.roleArn",
        "volumeConfigurations.managedEBSVolume.roleArn",
        "vpcLatticeConfigurations.roleArn",
    ),
    RULE: ("placementConstraints.expression", "placementStrategy.field"),
}
COMMANDS = {
    "containerDefinitions.command": "a reviewer has to see what is started with which options",
    "containerDefinitions.entryPoint": "the same",
    "containerDefinitions.healthCheck.command": "the same",
}
READABLE = {
    **COMMANDS,
    "volumeConfigurations.managedEBSVolume.tagSpecifications.tags.value": "AWS shows tags to all",
}
"""Only while nothing in it looks like a secret."""
REFERENCES = {
    "service.gatewayConnectors.portName",
    "service.loadBalancers.containerName",
    "service.serviceConnectConfiguration.services.portName",
    "service.serviceName",
    "service.serviceRegistries.containerName",
    "service.volumeConfigurations.name",
    "service.vpcLatticeConfigurations.portName",
    "taskDefinition.containerDefinitions.dependsOn.containerName",
    "taskDefinition.containerDefinitions.links",
    "taskDefinition.containerDefinitions.mountPoints.sourceVolume",
    "taskDefinition.containerDefinitions.volumesFrom.sourceContainer",
    "taskDefinition.family",
}
"""Names of what is not there, or is there twice: in every message."""
REFUSED_BY_RULES = {
    "service.placementConstraints.expression",
    "service.role",
    "taskDefinition.containerDefinitions.name",
    "taskDefinition.containerDefinitions.portMappings.containerPortRange",
    "taskDefinition.containerDefinitions.portMappings.name",
    "taskDefinition.cpu",
    "taskDefinition.memory",
    "taskDefinition.placementConstraints.expression",
    "taskDefinition.volumes.name",
}
"""What plans show as well, and a rule is against: to whoever may read the manifest."""
# Where several kinds have a field, it is listed once for each. A key is a field's name, known or
# not: the place of an error is told by it.
NAMES_IN_THE_LOOP = {
    *(f"NeuronCluster.{each} (key)" for each in ("metadata", "spec", "spec.assumeRole")),
    *(f"NeuronInstanceType.{each} (key)" for each in ("metadata", "spec")),
    *(
        f"NeuronService.{each} (key)"
        for each in (
            "metadata",
            "spec",
            "spec.neuron",
            "spec.neuron.pool",
            "spec.rollout",
            "spec.service",
            "spec.taskDefinition",
        )
    ),
    *(f"taskDefinition.{each}" for each in DEFINITION[KEY] if each.endswith(" (key)")),
    *(f"service.{each}" for each in SERVICE[KEY] if each.endswith(" (key)")),
    "NeuronCluster.kind",
    "NeuronInstanceType.kind",
    "NeuronInstanceType.metadata.name",
    "NeuronService.kind",
    "NeuronService.spec.cluster",
    "NeuronService.spec.dependsOn",
    "NeuronService.spec.neuron.container",
}
"""Names, by which errors and what refers to another manifest are found again."""
NAMES_IN_MESSAGES = {
    *(f"{kind}.apiVersion" for kind in ("NeuronCluster", "NeuronInstanceType", "NeuronService")),
    "NeuronCluster.metadata.name",
    "NeuronCluster.spec.owner",
    "NeuronService.metadata.name",
}
"""What is no name although it should be one, to whoever may read the manifest."""
WORDS_IN_MESSAGES = {
    *(
        f"NeuronCluster.spec.{each}"
        for each in ("accountId", "assumeRole.roleArn", "prune", "pruneGraceSeconds", "region")
    ),
    *(
        f"NeuronInstanceType.spec.{each}"
        for each in (
            "architecture",
            "chipMemoryGiB",
            "chips",
            "coresPerChip",
            "deviceSets",
            "memoryMiB",
            "networkInterfaces",
            "neuronCoreVersion",
            "vcpu",
            "visibleCoresPerChip",
        )
    ),
    *(
        f"NeuronService.spec.{each}"
        for each in (
            "driftPolicy",
            "neuron.allocation",
            "neuron.deviceIds",
            "neuron.devices",
            "neuron.instanceType",
            "neuron.lock",
            "neuron.mapping",
            "neuron.minInstances",
            "prune",
            "replicas",
            "rollout.maxSurge",
            "rollout.maxUnavailable",
            "rollout.minReadySeconds",
            "rollout.progressDeadlineSeconds",
            "suspend",
        )
    ),
}
"""Numbers, truth values and words of a closed list: who has mistyped one has to see what is there,
unless it looks like a secret. Of ECS's members the model says which those are."""


def by_design(table: dict[str, tuple[str, ...]]) -> set[str]:
    return {path for paths in table.values() for path in paths}
