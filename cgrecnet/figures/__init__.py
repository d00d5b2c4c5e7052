"""The book's style, the figures that several chapters draw, and the line under each that says where it is from."""
