"""Maps that are said to explain a network, and what tells whether they do."""
