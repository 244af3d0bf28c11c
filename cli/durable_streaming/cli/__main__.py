"""`python -m durable_streaming.cli`."""

from durable_streaming.cli.main import main

if __name__ == "__main__":
    main()
