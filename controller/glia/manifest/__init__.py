"""From files of YAML to manifests: found, read strictly, and every error with its place."""
