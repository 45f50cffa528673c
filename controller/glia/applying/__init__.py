"""Carrying out a plan: what waits to be done, who does it, and what comes of it."""
