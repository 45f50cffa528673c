"""The command line: one module per command, plain values in, an exit code out."""
