"""An agent that answers questions about Kafka from the broker's own documentation.

It plans, searches, reads, quotes and checks itself. It needs no model, no key and no network: the
documentation comes out of the jars of the broker that this project runs anyway.
"""
