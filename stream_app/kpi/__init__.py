"""KPIs: rolling windows of facts, and the catalogue that says what is made of them."""
