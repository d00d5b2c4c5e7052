"""What the paper says, as data, and the arithmetic that audits it; imports no torch."""
