"""What the book's numbers cost: each benchmark takes ratios in one run and writes one record."""
