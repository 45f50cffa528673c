"""Telling others what the loop tells, without the loop ever waiting for them."""
