"""The demo: a broker, a Redis, a worker and a simulated desk on one scaled clock, and what is to be seen of them."""
