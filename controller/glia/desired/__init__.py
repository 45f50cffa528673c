"""Our words said in ECS's words: manifests and lanes become the requests of ECS."""
