"""Manifests out of git's object store, by the git command; nothing is checked out."""
