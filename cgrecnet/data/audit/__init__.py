"""What may be wrong with a data set: copies, shortcuts, marks, and class and acquisition that go together."""
