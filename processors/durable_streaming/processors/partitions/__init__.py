"""What a worker owns: source partitions, each with a fold, a local store and transactions."""
