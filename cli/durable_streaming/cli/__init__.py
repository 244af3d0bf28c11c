"""The command line `durable`: one module a command."""
