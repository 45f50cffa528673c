"""Deciding: desired against live, without I/O."""
