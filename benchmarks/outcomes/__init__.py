"""Whether what producers say of their events is true, while brokers die and connections break."""
