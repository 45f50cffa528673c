"""What tests of several folders need to arrange their situations."""
