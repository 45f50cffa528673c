"""Which lanes the services come down to, given what runs: from manifests to the allocator."""
