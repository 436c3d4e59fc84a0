"""The engine: the log folded into the state in Redis, partition by partition."""
