"""What `benchmarks/` measured: its records, as pages and verdicts read them, and how bytes are counted."""
