"""The least that IAM has to grant: worked out from the manifests, printed, never called."""
