"""What the Makefile calls; imports nothing of the tests."""
