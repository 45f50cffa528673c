"""Every error that a user can meet, in one tree.

A message says what is wrong, what was expected, what was found and what to do; the command
line prints it without a traceback. Anything else that escapes is a bug.
"""


class GliaError(Exception):
    """The root: something that the user can put right."""


class UsageError(GliaError):
    """The command line asks for something that does not exist or does not fit together."""
