"""Questions that the documentation can answer, for the demonstration fleet."""

QUESTIONS = (
    "How do I make the producer idempotent?",
    "What does acks=all mean?",
    "How long does Kafka keep records?",
    "How does a consumer start reading from the beginning of a topic?",
    "How large can a message be?",
    "How can a producer batch records for better throughput?",
    "How does Kafka notice that a consumer has crashed?",
    "How do I read only committed transactional messages?",
    "How many replicas have to be in sync before a write succeeds?",
    "How do I compress messages?",
    "What is log compaction and how do I turn it on?",
    "What does the error OFFSET_OUT_OF_RANGE mean?",
)
