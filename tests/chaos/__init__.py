"""The proof under faults: real workers, Kafka and Redis under steady load, broken in each way that we know of."""
